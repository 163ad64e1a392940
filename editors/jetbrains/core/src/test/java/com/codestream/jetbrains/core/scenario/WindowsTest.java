package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestHost;
import com.codestream.jetbrains.core.harness.TestIde;
import org.junit.jupiter.api.Test;

/** Two windows of one user: whatever happens in one, both show. */
class WindowsTest {
    @Test
    void a_second_window_updates_by_itself() {
        try (var stub = Stub.start()) {
            var store = TestIde.signedIn(stub.api(), stub.user());
            var windows = new Windows();
            try (var one = TestIde.open(stub.api(), store, windows);
                    var other = TestIde.open(stub.api(), store, windows)) {
                one.channelIs("reconnected");
                other.channelIs("reconnected");
                one.request("codestream/provider/connect", "{\"providerId\":\"github*com\"}");
                new TestBrowser().approve(one.host.browsed.next());
                one.toldConnected("github", true);
                other.toldConnected("github", true);
                assertTrue(other.row("github").get("connected").getAsBoolean());
                assertTrue(other.host.browsed.all().isEmpty());

                other.request("codestream/provider/disconnect", "{\"providerId\":\"github*com\"}");
                one.toldConnected("github", false);
            }
        }
    }

    @Test
    void a_sign_in_and_a_logout_reach_the_other_window() {
        var store = new TestHost.Store();
        var windows = new Windows();
        try (var stub = Stub.start();
                var one = TestIde.open(stub.api(), store, windows);
                var other = TestIde.open(stub.api(), store, windows)) {
            one.agentIs("running");
            other.agentIs("running");
            one.request("codestream/login/sso", "{\"provider\":\"github\",\"signup\":true}");
            new TestBrowser().approve(one.host.browsed.next());
            var session = other.notification("didLogin", params -> true).getAsJsonObject("session");
            assertEquals("mona@example.com", session.get("email").getAsString());
            one.channelIs("reconnected");
            other.channelIs("reconnected");

            one.request("codestream/logout", "{}");
            other.notification(
                    "didLogout", params -> params.get("reason").getAsString().equals("sessionEnded"));
            one.host.done.await("the forgotten session", done -> done.equals("forget mona@example.com"));
            assertTrue(store.secrets.isEmpty());
        }
    }

    @Test
    void the_end_of_an_old_session_leaves_a_new_one_alone() {
        try (var stub = Stub.start()) {
            var store = TestIde.signedIn(stub.api(), stub.user());
            try (var one = TestIde.open(stub.api(), store, new Windows())) {
                one.channelIs("reconnected");
                var newer = TestIde.signedIn(stub.api(), stub.user());
                store.accounts.putAll(newer.accounts);
                store.secrets.putAll(newer.secrets);
                one.request("codestream/logout", "{}");
                one.notification("didLogout", params -> true);
            }
            assertEquals(1, store.accounts.size());
        }
    }
}

package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestHost.Notice;
import com.codestream.jetbrains.core.harness.TestIde;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A service takes an access back: a person is told once, and is one press away from having it again. */
class LostAccessTest {
    @Test
    void one_window_tells_of_each_loss_and_reconnects_on_the_press() {
        try (var stub = Stub.start()) {
            var store = TestIde.signedIn(stub.api(), stub.user());
            var windows = new Windows();
            try (var one = TestIde.open(stub.api(), store, windows);
                    var other = TestIde.open(stub.api(), store, windows)) {
                var both = List.of(one, other);
                for (var window : both) {
                    window.channelIs("reconnected");
                    window.host.answers.addAll(Collections.nCopies(2, Optional.of("Reconnect")));
                }
                // The server takes 5 s off, and the windows renew ahead of that: within seconds.
                stub.fault("{\"tokens\":{\"provider\":\"gitlab\",\"expiring\":true,\"lifeS\":8}}");
                one.request("codestream/provider/connect", "{\"providerId\":\"gitlab*com\"}");
                approve(one, both);
                for (var losses = 1; losses <= 2; losses++) {
                    var before = questions(one);
                    stub.fault("{\"tokens\":{\"provider\":\"gitlab\",\"revokeAll\":true}}");
                    both.forEach(window -> window.toldConnected("gitlab", false));
                    assertEquals(losses, questions(one) + questions(other));
                    var teller = questions(one) > before ? one : other;
                    assertEquals(
                            new Notice(
                                    Host.Level.WARNING,
                                    "GitLab does not accept the access of mona any more. Reconnect to go on."),
                            teller.host.questions.next());
                    approve(teller, both);
                }
            }
        }
    }

    @Test
    void a_service_that_takes_a_token_only_is_reconnected_with_one() {
        try (var ide = TestIde.with(FakeAgent.script("lose"))) {
            ide.host.answers.addAll(List.of(Optional.of("Reconnect"), Optional.empty()));
            ide.codeStream.start();
            ide.host.done.await("the box", done -> done.equals("password Token for forge.example.com:"));
            assertEquals(1, questions(ide));
        }
    }

    @Test
    void a_notice_that_is_closed_begins_nothing() {
        var ide = TestIde.with(FakeAgent.script("lose"));
        try (ide) {
            ide.host.answers.add(Optional.empty());
            ide.codeStream.start();
            assertEquals("choose [Reconnect]", ide.host.done.next());
        }
        assertEquals(List.of("choose [Reconnect]"), ide.host.done.all());
    }

    /** The person approves on the page that was opened, and every window shows it. */
    private static void approve(TestIde opener, List<TestIde> all) {
        var page = opener.host.browsed.next();
        all.forEach(window -> window.shown.clear());
        new TestBrowser().approve(page);
        all.forEach(window -> window.toldConnected("gitlab", true));
        all.forEach(window -> window.shown.clear());
    }

    private static int questions(TestIde window) {
        return window.host.questions.all().size();
    }
}

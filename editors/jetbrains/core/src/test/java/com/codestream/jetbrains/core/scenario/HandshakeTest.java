package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestHost;
import com.codestream.jetbrains.core.harness.TestIde;
import com.google.gson.JsonObject;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Both handshakes, with the real agent, the real server and the pages that a person walks through. */
class HandshakeTest {
    private static final String CONNECT = "codestream/provider/connect";
    private static final String GITHUB = "{\"providerId\":\"github*com\"}";

    private static TestIde signedIn(Stub stub) {
        var ide = TestIde.open(stub.api(), TestIde.signedIn(stub.api(), stub.user()), new Windows());
        ide.channelIs("reconnected");
        return ide;
    }

    @Test
    void a_service_is_connected() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, GITHUB);
            var opened = ide.host.browsed.next();
            assertEquals(started.get("url").getAsString(), opened);
            new TestBrowser().approve(opened);
            assertEquals("connected", ide.end(started).get("outcome").getAsString());
            ide.toldConnected("github", true);
            assertEquals(
                    "mona",
                    ide.row("github")
                            .getAsJsonArray("accounts")
                            .get(0)
                            .getAsJsonObject()
                            .get("who")
                            .getAsString());
            assertEquals(
                    "Connected to github.com as mona.", ide.host.notices.next().words());

            ide.request("codestream/provider/disconnect", GITHUB);
            ide.toldConnected("github", false);
        }
    }

    @Test
    void a_new_person_signs_up_and_the_session_survives_a_restart() {
        var store = new TestHost.Store();
        try (var stub = Stub.start()) {
            try (var ide = TestIde.open(stub.api(), store, new Windows())) {
                var started = ide.request("codestream/login/sso", "{\"provider\":\"github\",\"signup\":true}");
                new TestBrowser().approve(ide.host.browsed.next());
                assertEquals("signedIn", ide.end(started).get("outcome").getAsString());
                var login = ide.notification("didLogin", params -> true);
                assertEquals(
                        "mona@example.com",
                        login.getAsJsonObject("session").get("email").getAsString());
                ide.host.done.await("kept session", done -> done.equals("keep mona@example.com"));
                assertTheTokenIsInTheStoreAlone(ide, stub);
            }
            try (var ide = TestIde.open(stub.api(), store, new Windows())) {
                ide.channelIs("reconnected");
                var session = ide.request("codestream/status", "{}").getAsJsonObject("session");
                assertEquals("mona@example.com", session.get("email").getAsString());
                assertTrue(ide.row("github").get("connected").getAsBoolean());

                ide.request("codestream/logout", "{}");
                ide.host.done.await("forgotten session", done -> done.equals("forget mona@example.com"));
                assertTrue(store.secrets.isEmpty() && store.accounts.isEmpty(), "nothing is kept after a logout");
            }
        }
    }

    private static void assertTheTokenIsInTheStoreAlone(TestIde ide, Stub stub) {
        var account = ide.host.store.accounts.get(Account.server(stub.api()));
        assertEquals(stub.api() + " " + account.teamId(), account.service());
        var token = ide.host.store.secrets.get(account).expose();
        assertFalse(token.isBlank());
        assertFalse(ide.shown.all().toString().contains(token), "the view has seen the session token");
        assertFalse(ide.host.log.all().toString().contains(token), "the log has seen the session token");
        assertFalse(ide.codeStream.view().toString().contains(token), "the state holds the session token");
        assertFalse(ide.host.store.toString().contains(token));
    }

    @Test
    void a_person_who_declines_is_heard_at_once() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, GITHUB);
            new TestBrowser().deny(ide.host.browsed.next());
            var end = ide.end(started);
            assertEquals("failed", end.get("outcome").getAsString());
            assertEquals("declined", end.get("kind").getAsString());
            assertEquals(
                    "You declined. Nothing was changed.", end.get("message").getAsString());
            assertFalse(ide.row("github").get("connected").getAsBoolean());
            assertTrue(ide.host.notices.all().isEmpty(), "a refusal of one's own is no news");
        }
    }

    @Test
    void an_attempt_is_cancelled() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, GITHUB);
            ide.host.browsed.next();
            ide.request("codestream/attempt/cancel", attempt(started));
            assertEquals("cancelled", ide.end(started).get("outcome").getAsString());
            assertTrue(ide.codeStream.view().running().isEmpty());
        }
    }

    @Test
    void an_attempt_is_opened_again() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, GITHUB);
            ide.host.browsed.next();
            var again = ide.request("codestream/attempt/reopen", attempt(started));
            assertEquals(again.get("url").getAsString(), ide.host.browsed.next());
            new TestBrowser().approve(again.get("url").getAsString());
            assertEquals("connected", ide.end(started).get("outcome").getAsString());
        }
    }

    @Test
    void what_fails_while_nobody_looks_is_told() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            stub.fault("{\"exchange\":{\"provider\":\"github\",\"failNext\":1}}");
            var started = ide.request(CONNECT, GITHUB);
            new TestBrowser().approve(ide.host.browsed.next());
            var end = ide.end(started);
            assertEquals("exchangeRefused", end.get("kind").getAsString());
            var notice = ide.host.notices.next();
            assertEquals(Host.Level.WARNING, notice.level());
            assertEquals(end.get("message").getAsString(), notice.words());
        }
    }

    @Test
    void a_refusal_reaches_the_view_with_its_data() {
        try (var stub = Stub.start();
                var ide = TestIde.open(stub.api())) {
            var error = ide.refused(CONNECT, GITHUB);
            assertEquals(-32803, error.get("code").getAsInt());
            assertEquals(
                    "notSignedIn", error.getAsJsonObject("data").get("kind").getAsString());
            assertFalse(error.get("message").getAsString().isBlank());
        }
    }

    @Test
    void a_token_goes_from_the_password_box_to_the_agent_past_the_view() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            ide.host.answers.add(Optional.of("not-a-token"));
            var answer = ide.command("useToken", GITHUB);
            assertEquals("password Token for github.com:", ide.host.done.next());
            assertTrue(answer.has("error"), "a token that GitHub does not know was taken: " + answer);
            assertFalse(ide.shown.all().toString().contains("not-a-token"));

            ide.host.answers.add(Optional.empty());
            assertTrue(ide.command("useToken", GITHUB)
                    .getAsJsonObject("result")
                    .get("cancelled")
                    .getAsBoolean());
        }
    }

    private static String attempt(JsonObject started) {
        return "{\"attemptId\":" + started.get("attemptId") + "}";
    }
}

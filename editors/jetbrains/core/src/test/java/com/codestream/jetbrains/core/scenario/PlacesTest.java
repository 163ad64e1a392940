package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestIde;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** More than one place of a service: a host of one's own, workspaces side by side, an organisation's wall; and what they tell. */
class PlacesTest {
    private static final String CONNECT = "codestream/provider/connect";
    private static final String TOKEN = "glpat-mona0000000000000000";

    @Test
    void a_self_hosted_service_is_added_by_one_of_its_pages_and_a_token_and_removed() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var page = stub.sandbox() + "/sandbox/gitlab/group/app/-/merge_requests/3?view=all#note_2";
            for (var token : List.of("made-up", TOKEN)) {
                ide.host.answers.addAll(List.of(Optional.of(page), Optional.of(""), Optional.of(token)));
                var answer = ide.command("addHost", "{\"providerId\":\"gitlab*com\"}");
                assertEquals(token.equals(TOKEN), answer.has("result"), answer.toString());
                assertEquals(token.equals(TOKEN) ? 1 : 0, added(ide).size());
            }
            var row = added(ide).get(0);
            assertEquals(List.of("mona"), who(row));
            assertFalse(ide.shown.all().toString().contains(TOKEN));
            ide.request("codestream/provider/remove", "{\"providerId\":" + row.get("providerId") + "}");
            assertEquals(List.of(), added(ide));
        }
    }

    @Test
    void two_workspaces_stand_side_by_side_and_leaving_one_leaves_the_other() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            for (var person : List.of("mona", "grace")) {
                var started = ide.request(CONNECT, "{\"providerId\":\"slack*com\"}");
                new TestBrowser().approveAs(ide.host.browsed.next(), person);
                assertEquals("connected", ide.end(started).get("outcome").getAsString());
            }
            assertEquals(
                    List.of("grace (umbrella)", "mona (acme)"),
                    who(ide.row("slack")).stream().sorted().toList());
            ide.request(
                    "codestream/provider/disconnect",
                    "{\"providerId\":\"slack*com\",\"providerTeamId\":\"T0ACME000\"}");
            assertEquals(List.of("grace"), who(ide.row("slack")));
        }
    }

    @Test
    void an_organisations_wall_has_its_page() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, "{\"providerId\":\"login*microsoftonline*com\"}");
            new TestBrowser().approveAs(ide.host.browsed.next(), "otto");
            var end = ide.end(started);
            assertEquals("adminApproval", end.get("kind").getAsString());
            var link = end.get("link").getAsString();
            assertTrue(link.contains("/organizations/adminconsent?client_id="), link);
            assertTrue(ide.command("openExternal", "{\"url\":" + end.get("link") + "}")
                    .has("result"));
            assertEquals(link, ide.host.browsed.next());
        }
    }

    @Test
    void what_happens_at_a_service_reaches_the_view_and_disturbs_nobody() {
        try (var stub = Stub.start();
                var ide = signedIn(stub)) {
            var started = ide.request(CONNECT, "{\"providerId\":\"slack*com\"}");
            new TestBrowser().approve(ide.host.browsed.next());
            ide.end(started);
            ide.host.notices.await("the notice of the connection", notice -> true);
            stub.control("slack", """
                    {"event": {"type": "message", "channel": "C0GENERAL", "user": "U0000001001", "text": "ship it",
                               "ts": "1795476599.000100", "channel_type": "channel"}}
                    """);
            var told = ide.notification(
                    "didChangeData", params -> params.get("type").getAsString().equals("activities"));
            assertEquals(
                    "ship it",
                    told.getAsJsonArray("data")
                            .get(0)
                            .getAsJsonObject()
                            .get("text")
                            .getAsString());
            assertEquals(1, ide.host.notices.all().size());
            assertTrue(ide.row("slack").get("connected").getAsBoolean());
        }
    }

    private static TestIde signedIn(Stub stub) {
        var ide = TestIde.open(stub.api(), TestIde.signedIn(stub.api(), stub.user()), new Windows());
        ide.channelIs("reconnected");
        return ide;
    }

    /** The rows of self-hosted services. */
    private static List<JsonObject> added(TestIde ide) {
        var rows = ide.request("codestream/provider/list", "{}").getAsJsonArray("providers");
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> row.getAsJsonObject())
                .filter(row -> row.has("added") && row.get("added").getAsBoolean())
                .toList();
    }

    private static List<String> who(JsonObject row) {
        return StreamSupport.stream(row.getAsJsonArray("accounts").spliterator(), false)
                .map(account -> account.getAsJsonObject().get("who").getAsString())
                .toList();
    }
}

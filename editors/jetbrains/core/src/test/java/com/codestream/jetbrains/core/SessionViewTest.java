package com.codestream.jetbrains.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionViewTest {
    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private static JsonObject attempt(String end) {
        return json("{\"attemptId\":\"1\",\"host\":\"github.com\"" + (end.isEmpty() ? "" : ",\"end\":" + end) + "}");
    }

    private static String told(String end) {
        return SessionView.notice(attempt(end))
                .map(notice -> notice.level() + " " + notice.words())
                .orElse("");
    }

    @Test
    void notifications_add_up() {
        var view = SessionView.EMPTY
                .after("codestream/didLogin", json("{\"session\":{\"email\":\"a@b\",\"token\":\"s3cret\"}}"))
                .after("codestream/didChangeConnectionStatus", json("{\"status\":\"reconnected\"}"))
                .after("codestream/attempt/didChange", json("{\"attempt\":" + attempt("") + "}"))
                .after("codestream/somethingNew", json("{}"));
        assertEquals(Optional.of("a@b"), view.email());
        assertEquals("reconnected", view.connection());
        assertEquals(1, view.running().size());
        assertTrue(!view.toString().contains("s3cret"));
        var later = view.after(
                        "codestream/attempt/didChange",
                        json("{\"attempt\":" + attempt("{\"outcome\":\"cancelled\"}") + "}"))
                .after("codestream/didLogout", json("{\"reason\":\"requested\"}"));
        assertTrue(later.running().isEmpty());
        assertEquals(Optional.empty(), later.email());
        assertEquals(SessionView.EMPTY, view.withoutAgent());
    }

    @Test
    void a_person_is_told_of_ends_that_they_did_not_bring_about() {
        assertEquals("INFO Connected to github.com as mona.", told("{\"outcome\":\"connected\",\"account\":\"mona\"}"));
        var linked = attempt("{\"outcome\":\"connected\",\"account\":\"eve\"}");
        linked.addProperty("kind", "link");
        assertEquals(
                "eve at github.com can now sign in as you.",
                SessionView.notice(linked).orElseThrow().words());
        assertEquals("INFO Signed in with github.com.", told("{\"outcome\":\"signedIn\"}"));
        assertEquals("WARNING No.", told("{\"outcome\":\"failed\",\"kind\":\"exchangeRefused\",\"message\":\"No.\"}"));
        for (var end : new String[] {
            "",
            "{\"outcome\":\"cancelled\"}",
            "{\"outcome\":\"superseded\"}",
            "{\"outcome\":\"expired\",\"message\":\"Late.\"}",
            "{\"outcome\":\"failed\",\"kind\":\"declined\",\"message\":\"You declined. Nothing was changed.\"}"
        }) {
            assertEquals("", told(end), end);
        }
    }
}

package com.codestream.jetbrains.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.TestIde;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a running attempt asks while the tool window is closed. */
class AttemptNoticesTest {
    private final List<String> sent = new ArrayList<>();
    private final TestIde ide = TestIde.with(FakeAgent.script("exit-at-once"));
    private final AttemptNotices notices = new AttemptNotices(ide.host, (method, params) -> {
        sent.add(method + " " + params);
        return CompletableFuture.completedFuture(new JsonObject());
    });

    @AfterEach
    void close() {
        ide.close();
    }

    private static JsonObject attempt(String more) {
        return JsonParser.parseString("{\"attemptId\":\"1\",\"kind\":\"link\",\"host\":\"github.com\"" + more + "}")
                .getAsJsonObject();
    }

    private static final JsonObject CONFIRMING = attempt(",\"step\":\"confirming\",\"account\":\"eve\"");

    private void changed(JsonObject before, JsonObject attempt, String answer) {
        ide.host.viewShown = false;
        ide.host.answers.add(Optional.ofNullable(answer));
        notices.changed(before, attempt);
        assertTrue(ide.host.answers.isEmpty(), "nothing was asked");
    }

    @Test
    void an_account_that_came_back_is_named_and_let_in_by_a_press_alone() {
        var waiting = attempt(",\"step\":\"waiting\"");
        changed(waiting, CONFIRMING, AttemptNotices.ALLOW);
        changed(waiting, CONFIRMING, AttemptNotices.CANCEL);
        changed(null, CONFIRMING, null);
        assertEquals(
                List.of(
                        "codestream/attempt/confirm {\"attemptId\":\"1\"}",
                        "codestream/attempt/cancel {\"attemptId\":\"1\"}"),
                sent);
        var question = ide.host.questions.next().words();
        assertTrue(question.startsWith("Let eve at github.com sign in as you?"), question);
    }

    @Test
    void a_link_that_was_opened_elsewhere_is_told_with_what_to_do() {
        var noted = attempt(",\"step\":\"waiting\",\"note\":\"Opened elsewhere.\"");
        changed(attempt(",\"step\":\"waiting\""), noted, AttemptNotices.AGAIN);
        changed(attempt(",\"step\":\"waiting\""), noted, AttemptNotices.CANCEL);
        assertEquals(
                List.of(
                        "codestream/attempt/reopen {\"attemptId\":\"1\"}",
                        "codestream/attempt/cancel {\"attemptId\":\"1\"}"),
                sent);
        assertEquals("Opened elsewhere.", ide.host.questions.next().words());
    }

    @Test
    void nothing_is_asked_twice_nor_where_the_view_asks_nor_after_the_end() {
        ide.host.viewShown = false;
        notices.changed(CONFIRMING, CONFIRMING);
        notices.changed(null, attempt(",\"step\":\"confirming\",\"end\":{\"outcome\":\"expired\"}"));
        ide.host.viewShown = true;
        notices.changed(null, CONFIRMING);
        assertEquals(List.of(), sent);
    }
}

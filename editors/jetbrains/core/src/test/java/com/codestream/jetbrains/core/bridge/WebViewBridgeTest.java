package com.codestream.jetbrains.core.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.agent.AgentSupervisor.Status;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a page sees and when; the loop is the test's own thread. */
class WebViewBridgeTest {
    private final List<String> page = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final Map<String, CompletableFuture<JsonElement>> asked = new HashMap<>();
    private final WebViewBridge bridge = new WebViewBridge(
            Runnable::run,
            script -> page.add(message(script)),
            new WebViewBridge.Backend() {
                @Override
                public CompletableFuture<JsonElement> request(String method, JsonObject params) {
                    var answer = new CompletableFuture<JsonElement>();
                    asked.put(method + params, answer);
                    return answer;
                }

                @Override
                public CompletableFuture<JsonObject> command(String name, JsonObject args) {
                    return CompletableFuture.completedFuture(new JsonObject());
                }
            },
            log::add);

    private static String message(String script) {
        var literal = script.substring("window.codestream.receive(".length(), script.length() - 1);
        return JsonParser.parseString(literal).getAsString();
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private void ready() {
        bridge.received("{\"type\":\"ready\"}");
    }

    @Test
    void nothing_is_lost_before_the_page_listens() {
        bridge.stand(Messages.host(new Product("GoLand", "1", "2", ""), "https://h"));
        bridge.stand(Messages.agent(Status.STARTING, null));
        bridge.notified("codestream/didLogout", json("{\"reason\":\"requested\"}"));
        bridge.tell(Messages.focus("github*com"));
        bridge.stand(Messages.agent(Status.RUNNING, null));
        assertTrue(page.isEmpty());
        ready();
        assertEquals(
                List.of(
                        "{\"type\":\"host\",\"ide\":\"GoLand\",\"version\":\"1\",\"extensionVersion\":\"2\",\"serverUrl\":\"https://h\"}",
                        "{\"type\":\"agent\",\"status\":\"running\"}",
                        "{\"type\":\"notification\",\"method\":\"codestream/didLogout\",\"params\":{\"reason\":\"requested\"}}",
                        "{\"type\":\"focus\",\"providerId\":\"github*com\"}"),
                page);
    }

    @Test
    void a_new_page_is_told_what_stands_and_no_event_twice() {
        bridge.stand(Messages.agent(Status.FAILED, "No agent."));
        bridge.tell(Messages.focus(null));
        ready();
        page.clear();
        bridge.pageStarted();
        ready();
        assertEquals(List.of("{\"type\":\"agent\",\"status\":\"failed\",\"message\":\"No agent.\"}"), page);
    }

    @Test
    void an_answer_for_an_earlier_page_is_dropped() {
        ready();
        bridge.received("{\"type\":\"request\",\"id\":1,\"method\":\"codestream/status\",\"params\":{}}");
        bridge.pageStarted();
        ready();
        bridge.received("{\"type\":\"request\",\"id\":1,\"method\":\"codestream/provider/list\",\"params\":{}}");
        asked.get("codestream/status{}").complete(json("{\"old\":true}"));
        asked.get("codestream/provider/list{}").complete(json("{\"providers\":[]}"));
        assertEquals(List.of("{\"type\":\"response\",\"id\":1,\"result\":{\"providers\":[]}}"), page);
    }

    @Test
    void only_what_a_view_needs_is_passed_on() {
        ready();
        for (var method : List.of(
                "codestream/login/token",
                "codestream/login/otc",
                "codestream/provider/request",
                "codestream/provider/me",
                "codestream/provider/configure",
                "codestream/provider/add",
                "shutdown",
                "initialize",
                "")) {
            bridge.received("{\"type\":\"request\",\"id\":7,\"method\":\"" + method + "\",\"params\":{}}");
            assertTrue(page.remove(0).contains("-32601"), method);
        }
        assertTrue(asked.isEmpty());
        WebViewBridge.PASSED_ON.forEach(method ->
                bridge.received("{\"type\":\"request\",\"id\":8,\"method\":\"" + method + "\",\"params\":{}}"));
        assertEquals(WebViewBridge.PASSED_ON.size(), asked.size());
    }

    @Test
    void the_session_token_is_removed_from_what_is_passed_on_and_kept_in_what_came() {
        ready();
        var params = json("{\"session\":{\"email\":\"a@b\",\"token\":\"s3cret\"},\"signupStatus\":\"signedIn\"}");
        bridge.notified("codestream/didLogin", params);
        assertEquals(
                List.of(
                        "{\"type\":\"notification\",\"method\":\"codestream/didLogin\",\"params\":{\"session\":{\"email\":\"a@b\"},\"signupStatus\":\"signedIn\"}}"),
                page);
        assertTrue(params.toString().contains("s3cret"));
    }

    @Test
    void numbers_are_passed_on_as_they_were_written() {
        ready();
        bridge.received("{\"type\":\"request\",\"id\":3,\"method\":\"codestream/status\",\"params\":{}}");
        asked.get("codestream/status{}").complete(json("{\"at\":1795519951306,\"rate\":0.10}"));
        assertEquals(List.of("{\"type\":\"response\",\"id\":3,\"result\":{\"at\":1795519951306,\"rate\":0.10}}"), page);
    }

    @Test
    void nonsense_is_survived_and_not_repeated_in_the_log() {
        ready();
        for (var text : List.of(
                "",
                "{",
                "[]",
                "null",
                "7",
                "{}",
                "{\"type\":7}",
                "{\"type\":\"hello\",\"x\":\"s3cret\"}",
                "{\"type\":\"request\"}",
                "{\"type\":\"request\",\"id\":\"a\",\"method\":\"codestream/status\"}")) {
            bridge.received(text);
        }
        assertTrue(page.isEmpty(), page.toString());
        assertEquals(10, log.size(), log.toString());
        assertTrue(log.stream().noneMatch(line -> line.contains("s3cret")));
    }

    @Test
    void a_page_that_never_listens_does_not_fill_the_memory() {
        for (var i = 0; i < 1000; i++) {
            bridge.tell(Messages.focus("p" + i));
        }
        ready();
        assertEquals(256, page.size());
        assertTrue(page.get(255).contains("p999"));
    }
}

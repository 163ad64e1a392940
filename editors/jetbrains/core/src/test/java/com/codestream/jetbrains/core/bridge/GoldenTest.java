package com.codestream.jetbrains.core.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.agent.AgentSupervisor.Status;
import com.codestream.jetbrains.core.agent.RequestFailure;
import com.codestream.jetbrains.core.harness.Binaries;
import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.TestIde;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The bridge's golden messages, which the web view and the other plugin are tested with too. */
class GoldenTest {
    private static JsonArray golden(String direction) throws IOException {
        var text = Files.readString(Binaries.repository().resolve("editors/webview/golden/bridge.json"));
        return JsonParser.parseString(text).getAsJsonObject().getAsJsonArray(direction);
    }

    @Test
    void every_message_of_a_view_is_understood() throws IOException {
        List<JsonObject> page = new ArrayList<>();
        List<String> passed = new ArrayList<>();
        List<String> log = new ArrayList<>();
        Set<Integer> asked = new HashSet<>();
        try (var ide = TestIde.with(FakeAgent.script("deaf"))) {
            ide.host.answers.addAll(List.of(
                    Optional.of("t0ken"),
                    Optional.of("git.example.com"),
                    Optional.of(""),
                    Optional.of("t0ken"),
                    Optional.of(""),
                    Optional.of("t0ken")));
            var commands = new HostCommands(
                    ide.host,
                    Runnable::run,
                    (method, params) -> {
                        passed.add(method + " " + params);
                        return CompletableFuture.completedFuture(new JsonObject());
                    },
                    () -> passed.add("restart"));
            var bridge = new WebViewBridge(
                    Runnable::run,
                    script -> page.add(sent(script)),
                    new WebViewBridge.Backend() {
                        @Override
                        public CompletableFuture<JsonElement> request(String method, JsonObject params) {
                            passed.add(method + " " + params);
                            return CompletableFuture.completedFuture(new JsonObject());
                        }

                        @Override
                        public CompletableFuture<JsonObject> command(String name, JsonObject args) {
                            return commands.run(name, args);
                        }
                    },
                    log::add);
            for (var message : golden("viewToHost")) {
                bridge.received(message.toString());
                if (message.getAsJsonObject().has("id")) {
                    asked.add(message.getAsJsonObject().get("id").getAsInt());
                }
            }
            assertEquals(
                    "https://api.example.com/web/provider-auth/github?code=a%26b%2Bc%20d%23%C3%BC",
                    ide.host.copied.next());
        }
        assertTrue(log.isEmpty(), log.toString());
        for (var answer : page) {
            assertTrue(answer.has("result"), answer.toString());
            assertTrue(asked.remove(answer.get("id").getAsInt()), answer.toString());
        }
        assertTrue(asked.isEmpty(), "not answered: " + asked);
        assertTrue(
                passed.contains(
                        "codestream/provider/configure {\"providerId\":\"github*com\",\"data\":{\"accessToken\":\"t0ken\"},\"verify\":true}"),
                passed.toString());
        assertTrue(passed.contains("restart"));
        for (var method : WebViewBridge.PASSED_ON) {
            assertTrue(passed.stream().anyMatch(one -> one.startsWith(method + " ")), "no golden " + method);
        }
    }

    @Test
    void every_message_to_a_view_has_the_golden_shape() throws IOException {
        Map<String, Set<Set<String>>> shapes = new HashMap<>();
        for (var element : golden("hostToView")) {
            var message = element.getAsJsonObject();
            var type = message.get("type").getAsString();
            if (type.equals("notification")) {
                var made =
                        Messages.notification(message.get("method").getAsString(), message.getAsJsonObject("params"));
                assertEquals(message, made);
                assertFalse(message.toString().contains("\"token\""));
            } else {
                shapes.computeIfAbsent(type, one -> new HashSet<>()).add(message.keySet());
            }
        }
        var id = JsonParser.parseString("1");
        var refused = RequestFailure.refused(RequestFailure.METHOD_NOT_FOUND, "No.");
        for (var made : List.of(
                Messages.host(new Product("GoLand", "1", "2", ""), "https://h"),
                Messages.agent(Status.RUNNING, null),
                Messages.agent(Status.FAILED, "Why."),
                Messages.agent(Status.RUNNING, null, true),
                Messages.theme(new Theme(Theme.Kind.DARK, Map.of("--cs-background", "#000000"))),
                Messages.focus(null),
                Messages.focus("github*com"),
                Messages.result(id, new JsonObject()),
                Messages.error(id, refused))) {
            var known = shapes.get(made.get("type").getAsString());
            assertTrue(known.contains(made.keySet()), made + " is none of " + known);
        }
        assertEquals(Set.of("host", "agent", "response", "theme", "focus"), shapes.keySet());
    }

    @Test
    void statuses_and_kinds_are_those_of_the_bridge() throws IOException {
        var bridge = Files.readString(Binaries.repository().resolve("editors/webview/src/bridge.ts"));
        for (var status : Status.values()) {
            var word = Messages.agent(status, null).get("status").getAsString();
            assertTrue(bridge.contains("\"" + word + "\""), word);
        }
        for (var kind : Theme.Kind.values()) {
            assertTrue(bridge.contains("\"" + kind.word() + "\""), kind.word());
        }
    }

    private static JsonObject sent(String script) {
        var literal = script.substring("window.codestream.receive(".length(), script.length() - 1);
        return JsonParser.parseString(JsonParser.parseString(literal).getAsString())
                .getAsJsonObject();
    }
}

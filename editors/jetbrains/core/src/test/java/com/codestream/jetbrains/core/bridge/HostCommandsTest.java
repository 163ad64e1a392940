package com.codestream.jetbrains.core.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.agent.RequestFailure;
import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.TestIde;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The boxes of the host, and where their answers go. */
class HostCommandsTest {
    private final List<String> asked = new ArrayList<>();
    private JsonObject list = new JsonObject();
    /** What adding a host is answered with; a refusal is an error's {@code data}. */
    private JsonObject added = new JsonObject();

    private JsonObject refusal;
    private final TestIde ide = TestIde.with(FakeAgent.script("exit-at-once"));
    private final HostCommands commands = new HostCommands(
            ide.host,
            Runnable::run,
            (method, params) -> {
                asked.add(method + " " + params);
                if (method.endsWith("/add") && refusal != null && !params.has("confirmed")) {
                    var error = new ResponseError(RequestFailure.REQUEST_FAILED, "This disconnects Ada.", refusal);
                    return CompletableFuture.failedFuture(new ResponseErrorException(error));
                }
                return CompletableFuture.completedFuture(
                        method.endsWith("/list") ? list : method.endsWith("/add") ? added : new JsonObject());
            },
            () -> asked.add("restart"));

    @AfterEach
    void close() {
        ide.close();
    }

    private String run(String name, String... answers) {
        ide.host.answers.clear();
        Arrays.stream(answers).map(Optional::ofNullable).forEach(ide.host.answers::add);
        var args = JsonParser.parseString("{\"providerId\":\"github*com\"}").getAsJsonObject();
        var answer = commands.run(name, args).join().toString();
        assertTrue(ide.host.answers.isEmpty(), "a box that should have opened did not");
        return answer;
    }

    @Test
    void a_host_is_added_with_a_token_or_with_an_app() {
        assertEquals("{}", run("addHost", " git.example.com ", "", "t0ken"));
        assertEquals("{}", run("addHost", "git.example.com", " app ", "s3cret"));
        assertEquals(
                List.of(
                        "codestream/provider/add {\"providerId\":\"github*com\",\"host\":\"git.example.com\","
                                + "\"data\":{\"accessToken\":\"t0ken\"}}",
                        "codestream/provider/add {\"providerId\":\"github*com\",\"host\":\"git.example.com\","
                                + "\"data\":{\"appClientId\":\"app\",\"appClientSecret\":\"s3cret\"}}"),
                asked);
    }

    @Test
    void what_to_register_in_the_app_goes_to_the_view_and_nothing_else() {
        added = JsonParser.parseString(
                        "{\"providerId\":\"git*example*com\",\"redirectUri\":\"https://x/cb\",\"secret\":\"s\"}")
                .getAsJsonObject();
        assertEquals(
                "{\"providerId\":\"git*example*com\",\"redirectUri\":\"https://x/cb\"}",
                run("addHost", "git.example.com", "app", "s3cret"));
    }

    @Test
    void replacing_a_host_that_others_use_is_confirmed_with_their_names() {
        refusal = JsonParser.parseString("{\"kind\":\"forbidden\",\"affected\":[\"Ada\"]}")
                .getAsJsonObject();
        assertEquals("{\"cancelled\":true}", run("addHost", "git.example.com", "", "t0ken", null));
        assertEquals("{}", run("addHost", "git.example.com", "", "t0ken", "Replace git.example.com"));
        assertEquals(3, asked.size());
        assertTrue(asked.get(2).endsWith("\"confirmed\":true}"), asked.get(2));
        refusal = JsonParser.parseString("{\"kind\":\"forbidden\"}").getAsJsonObject();
        ide.host.answers.addAll(List.of(Optional.of("git.example.com"), Optional.of(""), Optional.of("t0ken")));
        var args = JsonParser.parseString("{\"providerId\":\"github*com\"}").getAsJsonObject();
        assertTrue(commands.run("addHost", args).isCompletedExceptionally());
    }

    @Test
    void what_goes_with_a_token_is_asked_for_as_the_agent_lists_it() {
        list = JsonParser.parseString("{\"providers\":[{\"providerId\":\"github*com\",\"tokenFields\":["
                        + "{\"name\":\"email\",\"prompt\":\"Your address\",\"example\":\"a@b.c\"}]}]}")
                .getAsJsonObject();
        assertEquals("{\"cancelled\":true}", run("useToken", "t0ken", null));
        assertEquals("{}", run("useToken", "t0ken", " me@example.com "));
        assertEquals(
                List.of(
                        "codestream/provider/list {}",
                        "codestream/provider/list {}",
                        "codestream/provider/configure {\"providerId\":\"github*com\",\"data\":"
                                + "{\"accessToken\":\"t0ken\",\"email\":\"me@example.com\"},\"verify\":true}"),
                asked);
    }

    @Test
    void a_closed_or_empty_box_changes_nothing() {
        var cancelled = "{\"cancelled\":true}";
        assertEquals(cancelled, run("useToken", (String) null));
        assertEquals(cancelled, run("useToken", " "));
        assertEquals(cancelled, run("addHost", (String) null));
        assertEquals(cancelled, run("addHost", " "));
        assertEquals(cancelled, run("addHost", "git.example.com", null));
        assertEquals(cancelled, run("addHost", "git.example.com", "", null));
        assertEquals(cancelled, run("addHost", "git.example.com", "app", " "));
        assertEquals(List.of(), asked);
    }

    @Test
    void a_command_that_is_not_known_or_lacks_its_argument_is_refused() {
        for (var name : List.of("format", "", "copy", "openExternal")) {
            var refused = commands.run(name, new JsonObject());
            assertTrue(refused.isCompletedExceptionally(), name);
        }
    }
}

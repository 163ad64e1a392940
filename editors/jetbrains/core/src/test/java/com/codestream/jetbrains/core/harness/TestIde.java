package com.codestream.jetbrains.core.harness;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.CodeStream;
import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.Secret;
import com.codestream.jetbrains.core.Settings;
import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.agent.BackOff;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.ProxySelector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One window of an IDE with CodeStream in it. Its web view is the test: it posts what a page would post and sees what a page
 * would see, unless a real page is given.
 */
public final class TestIde implements AutoCloseable {
    /** A back-off that a test can sit through. */
    public static final BackOff.Policy QUICK =
            new BackOff.Policy(Duration.ofMillis(5), Duration.ofMillis(20), 4, Duration.ofMinutes(1));

    private static final String CALL = "window.codestream.receive(";

    public final TestHost host;
    public final CodeStream codeStream;
    /** What the view was sent. */
    public final Inbox<JsonObject> shown = new Inbox<>("messages to the view");

    private final AtomicInteger ids = new AtomicInteger();

    private TestIde(Settings settings, TestHost.Store store, Windows windows, Consumer<String> page) {
        host = new TestHost(store, script -> {
            shown.add(message(script));
            page.accept(script);
        });
        var surroundings = new CodeStream.Surroundings(
                Path.of("no-bundled-agents"), Stub.environment(Stub.temporary()), QUICK, ProxySelector.of(null));
        var product = new Product("IntelliJ IDEA", "2026.2", "0.1.0", "laptop");
        codeStream = new CodeStream(host, product, () -> settings, surroundings, windows);
    }

    /** A window with the real agent, started, whose page listens. */
    public static TestIde open(String server) {
        return open(server, new TestHost.Store(), new Windows());
    }

    /** A window that shares an IDE's store and process with others. */
    public static TestIde open(String server, TestHost.Store store, Windows windows) {
        var ide = new TestIde(settings(server, Binaries.find("codestream-agent")), store, windows, script -> {});
        ide.codeStream.start();
        ide.listen();
        return ide;
    }

    /** A window with another agent; nothing is started. */
    public static TestIde with(Path agent) {
        return new TestIde(settings("http://127.0.0.1:1", agent), new TestHost.Store(), new Windows(), script -> {});
    }

    /** A window with a real page, which posts by itself; started. */
    public static TestIde showing(String server, Consumer<String> page) {
        var agent = Binaries.find("codestream-agent");
        var ide = new TestIde(settings(server, agent), new TestHost.Store(), new Windows(), page);
        ide.codeStream.start();
        return ide;
    }

    private static Settings settings(String server, Path agent) {
        return new Settings(server, "", agent.toString(), "", false, "debug");
    }

    /** A store in which a user of the sandbox has a session. */
    public static TestHost.Store signedIn(String server, JsonObject user) {
        var store = new TestHost.Store();
        var account = new Account(
                server, user.get("teamId").getAsString(), user.get("email").getAsString());
        store.accounts.put(account.serverUrl(), account);
        store.secrets.put(account, new Secret(user.get("accessToken").getAsString()));
        return store;
    }

    /** A fresh page listens. */
    public void listen() {
        codeStream.pageStarted();
        codeStream.received("{\"type\":\"ready\"}");
    }

    /** Asks as a page asks; the answer's message. */
    public JsonObject ask(String type, String nameKey, String name, String paramsKey, JsonElement params) {
        var message = new JsonObject();
        var id = ids.incrementAndGet();
        message.addProperty("type", type);
        message.addProperty("id", id);
        message.addProperty(nameKey, name);
        message.add(paramsKey, params);
        codeStream.received(message.toString());
        return shown.await(
                "answer to " + name,
                shown -> is(shown, "response") && shown.get("id").getAsInt() == id);
    }

    /** A request that succeeds; its result. */
    public JsonObject request(String method, String params) {
        var answer = ask("request", "method", method, "params", JsonParser.parseString(params));
        if (!answer.has("result")) {
            throw new AssertionError(method + " was refused: " + answer);
        }
        return answer.getAsJsonObject("result");
    }

    /** A request that is refused; its error. */
    public JsonObject refused(String method, String params) {
        var answer = ask("request", "method", method, "params", JsonParser.parseString(params));
        if (!answer.has("error")) {
            throw new AssertionError(method + " was not refused: " + answer);
        }
        return answer.getAsJsonObject("error");
    }

    /** A command; its whole answer. */
    public JsonObject command(String name, String args) {
        return ask("command", "command", name, "args", JsonParser.parseString(args));
    }

    /** Waits for a notification of the agent as the view sees it. */
    public JsonObject notification(String method, Predicate<JsonObject> fits) {
        var message = shown.await(
                method,
                one -> is(one, "notification")
                        && one.get("method").getAsString().equals("codestream/" + method)
                        && fits.test(one.getAsJsonObject("params")));
        return message.getAsJsonObject("params");
    }

    /** Waits for the agent to be somewhere. */
    public JsonObject agentIs(String status) {
        return shown.await(
                "agent " + status,
                one -> is(one, "agent") && one.get("status").getAsString().equals(status));
    }

    /** Waits for the me-channel to be up, and so for a session. */
    public void channelIs(String status) {
        notification(
                "didChangeConnectionStatus",
                params -> params.get("status").getAsString().equals(status));
    }

    /** Waits for an attempt's end. */
    public JsonObject end(JsonObject started) {
        var id = started.get("attemptId");
        return notification("attempt/didChange", params -> {
                    var attempt = params.getAsJsonObject("attempt");
                    return attempt.get("attemptId").equals(id) && attempt.has("end");
                })
                .getAsJsonObject("attempt")
                .getAsJsonObject("end");
    }

    /** A service's row. */
    public JsonObject row(String name) {
        for (var row : request("codestream/provider/list", "{}").getAsJsonArray("providers")) {
            if (row.getAsJsonObject().get("name").getAsString().equals(name)) {
                return row.getAsJsonObject();
            }
        }
        throw new AssertionError("no " + name);
    }

    /** Waits until the view was told that a service is connected, or not. */
    public void toldConnected(String name, boolean connected) {
        notification("didChangeData", params -> {
            if (!params.get("type").getAsString().equals("providers")) {
                return false;
            }
            for (var row : params.getAsJsonArray("data")) {
                var object = row.getAsJsonObject();
                if (object.get("name").getAsString().equals(name)) {
                    return object.get("connected").getAsBoolean() == connected;
                }
            }
            return false;
        });
    }

    private static boolean is(JsonObject message, String type) {
        return message.get("type").getAsString().equals(type);
    }

    /** The message in a script, as the page's engine would read it. */
    private static JsonObject message(String script) {
        if (!script.startsWith(CALL) || !script.endsWith(")") || !script.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
            throw new AssertionError("not a call in ASCII: " + script);
        }
        var literal = script.substring(CALL.length(), script.length() - 1);
        return JsonParser.parseString(JsonParser.parseString(literal).getAsString())
                .getAsJsonObject();
    }

    @Override
    public void close() {
        try {
            codeStream.stop().get(Inbox.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the window does not close", e);
        }
    }
}

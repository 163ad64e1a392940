package com.codestream.jetbrains.core.harness;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code codestream-server-stub} with its sandbox, as a process. */
public final class Stub implements AutoCloseable {
    private final Path home;
    private Process process;
    private JsonObject ready;

    private Stub(Path home) {
        this.home = home;
    }

    /** One on free ports, in memory. */
    public static Stub start() {
        var stub = new Stub(temporary());
        stub.launch("127.0.0.1:0", "127.0.0.1:0", List.of());
        return stub;
    }

    /** One on free ports that keeps what it knows when it is stopped. */
    public static Stub durable() {
        var stub = new Stub(temporary());
        stub.launch("127.0.0.1:0", "127.0.0.1:0", stub.database());
        return stub;
    }

    /** Ends it as a service manager does. */
    public void stop() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("the stub does not stop");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Starts it where it was. */
    public void startAgain() {
        launch(address("api"), address("sandbox").replace("localhost", "127.0.0.1"), database());
    }

    /** Origin of the API. */
    public String api() {
        return ready.get("api").getAsString();
    }

    /** A new user with a session: {@code userId, teamId, email, accessToken}. */
    public JsonObject user() {
        var users = (JsonArray) JsonParser.parseString(post("users", "{\"count\":1}"));
        return users.get(0).getAsJsonObject();
    }

    /** Origin of the sandbox. */
    public String sandbox() {
        return ready.get("sandbox").getAsString();
    }

    /** Sets a fault, as the sandbox words it. */
    public void fault(String fault) {
        post("faults", fault);
    }

    /** Has the sandbox do something. */
    public void control(String name, String what) {
        post(name, what);
    }

    private String post(String name, String body) {
        var uri = URI.create(sandbox() + "/sandbox/control/" + name);
        var request = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new AssertionError(name + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void launch(String listen, String sandbox, List<String> more) {
        var line = new ArrayList<>(List.of(
                Binaries.find("codestream-server-stub").toString(),
                "serve",
                "--sandbox",
                "--ready-json",
                "--listen",
                listen,
                "--sandbox-listen",
                sandbox));
        line.addAll(more);
        var builder = new ProcessBuilder(line);
        builder.environment().putAll(environment(home));
        builder.redirectError(home.resolve("stub.log").toFile());
        try {
            process = builder.start();
            var first = process.inputReader().readLine();
            if (first == null) {
                throw new AssertionError("the stub did not start: " + Files.readString(home.resolve("stub.log")));
            }
            ready = JsonParser.parseString(first).getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String address(String name) {
        var uri = URI.create(ready.get(name).getAsString());
        return uri.getHost() + ":" + uri.getPort();
    }

    private List<String> database() {
        return List.of("--database", "sqlite:" + home.resolve("store.db"));
    }

    /** A folder that goes with the test's machine. */
    static Path temporary() {
        try {
            return Files.createTempDirectory("codestream-test-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An environment that sees nothing of the real user. */
    static java.util.Map<String, String> environment(Path home) {
        return java.util.Map.of(
                "HOME", home.toString(),
                "XDG_STATE_HOME", home.resolve("state").toString(),
                "XDG_DATA_HOME", home.resolve("data").toString(),
                "XDG_CONFIG_HOME", home.resolve("config").toString(),
                "BROWSER", "");
    }

    @Override
    public void close() {
        stop();
    }
}

package com.codestream.jetbrains.core.harness;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A program that speaks just enough LSP to be an agent that misbehaves, or that sends what the real one cannot be made to send. */
public final class FakeAgent {
    /** A link in which any parsing and printing would change something. */
    public static final String LINK =
            "https://api.example.com/web/provider-auth/x?a=%26b%2Bc%20d%2520e&redirect=https%3A%2F%2Fh%2Fp%3Fq%3D1&name=ü&plus=a+b#frag/%23?";

    private FakeAgent() {}

    /** An executable that behaves in one of the ways of {@link #main}. */
    public static Path script(String behaviour) {
        var java = ProcessHandle.current().info().command().orElseThrow();
        var script = Stub.temporary().resolve("fake-agent");
        var text = "#!/bin/sh\necho start >> \"$0.starts\"\n"
                + (behaviour.equals("exit-at-once")
                        ? "exit 3\n"
                        : "exec '" + java + "' -cp '" + System.getProperty("java.class.path") + "' "
                                + FakeAgent.class.getName() + " " + behaviour + "\n");
        try {
            Files.writeString(script, text);
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return script;
    }

    /** How often a script was started. */
    public static int starts(Path script) {
        try {
            return Files.readAllLines(script.resolveSibling("fake-agent.starts"))
                    .size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void main(String[] arguments) throws IOException {
        var deaf = arguments[0].equals("deaf");
        log("a line for the log: ü");
        var input = new DataInputStream(System.in);
        while (true) {
            final JsonObject message;
            try {
                message = read(input);
            } catch (EOFException end) {
                if (deaf) {
                    hang();
                }
                return;
            }
            var method = message.has("method") ? message.get("method").getAsString() : "";
            if (method.startsWith("codestream/")) {
                log("heard " + method);
            }
            if (method.equals("initialize")) {
                send("{\"jsonrpc\":\"2.0\",\"id\":" + message.get("id") + ",\"result\":{\"capabilities\":{}}}");
            } else if (method.equals("initialized") && arguments[0].equals("browse")) {
                send("{\"jsonrpc\":\"2.0\",\"id\":\"link\",\"method\":\"window/showDocument\",\"params\":{\"uri\":\""
                        + LINK + "\",\"external\":true}}");
            } else if (method.equals("initialized") && arguments[0].equals("ask")) {
                send("{\"jsonrpc\":\"2.0\",\"id\":\"question\",\"method\":\"window/showMessageRequest\",\"params\":"
                        + "{\"type\":2,\"message\":\"Which?\",\"actions\":[{\"title\":\"One\"},{\"title\":\"Two\"}]}}");
            } else if (method.equals("initialized") && arguments[0].equals("lose")) {
                for (var error : List.of("", ",\"error\":\"invalid_grant\"")) {
                    send(
                            "{\"jsonrpc\":\"2.0\",\"method\":\"codestream/didChangeData\",\"params\":{\"type\":\"providers\","
                                    + "\"data\":[{\"providerId\":\"forge*example*com\",\"displayName\":\"Forge\",\"tokenOnly\":true,"
                                    + "\"accounts\":[{\"who\":\"mona\",\"since\":1" + error + "}]}]}}");
                }
            } else if (message.has("result") && arguments[0].equals("ask")) {
                log("answered " + message.getAsJsonObject("result").get("title").getAsString());
            } else if (message.has("result")
                    && message.getAsJsonObject("result").get("success").getAsBoolean()) {
                log("opened");
            } else if (method.equals("shutdown") && !deaf) {
                send("{\"jsonrpc\":\"2.0\",\"id\":" + message.get("id") + ",\"result\":null}");
            } else if (method.equals("exit") && !deaf) {
                return;
            }
        }
    }

    private static void hang() {
        try {
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void log(String line) {
        var bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        System.err.write(bytes, 0, bytes.length);
        System.err.flush();
    }

    private static void send(String body) {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        var head = ("Content-Length: " + bytes.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        System.out.write(head, 0, head.length);
        System.out.write(bytes, 0, bytes.length);
        System.out.flush();
    }

    private static JsonObject read(DataInputStream input) throws IOException {
        var length = 0;
        while (true) {
            var line = new StringBuilder();
            for (var c = input.readByte(); c != '\n'; c = input.readByte()) {
                line.append((char) c);
            }
            var header = line.toString().strip();
            if (header.isEmpty()) {
                break;
            }
            if (header.startsWith("Content-Length:")) {
                length = Integer.parseInt(header.substring(15).strip());
            }
        }
        var body = new byte[length];
        input.readFully(body);
        return JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
    }
}

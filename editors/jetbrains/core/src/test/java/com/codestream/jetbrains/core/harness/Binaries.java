package com.codestream.jetbrains.core.harness;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The binaries under test: in {@code CODESTREAM_BIN_DIR}, or built once by cargo. */
public final class Binaries {
    private static final Map<String, Path> BUILT = new HashMap<>();

    private Binaries() {}

    /** The repository's root. */
    public static Path repository() {
        return Path.of(System.getProperty("repository.root")).normalize();
    }

    /** A binary of the workspace. */
    public static synchronized Path find(String name) {
        var given = System.getenv("CODESTREAM_BIN_DIR");
        if (given != null) {
            // As everywhere in this repository, a relative folder is one of the repository.
            var path = repository().resolve(given).resolve(name);
            if (!Files.isExecutable(path)) {
                throw new AssertionError("there is no " + path);
            }
            return path;
        }
        if (BUILT.isEmpty()) {
            build();
        }
        return BUILT.get(name);
    }

    private static void build() {
        var builder = new ProcessBuilder(
                "cargo",
                "build",
                "--quiet",
                "--locked",
                "--bin",
                "codestream-agent",
                "--bin",
                "codestream-server-stub",
                "--message-format=json-render-diagnostics");
        builder.directory(repository().toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
        try {
            var cargo = builder.start();
            cargo.inputReader()
                    .lines()
                    .map(line -> JsonParser.parseString(line).getAsJsonObject())
                    .forEach(Binaries::built);
            var status = cargo.waitFor();
            if (status != 0) {
                throw new AssertionError("cargo build ended with " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void built(JsonObject message) {
        if (message.has("executable") && !message.get("executable").isJsonNull()) {
            BUILT.put(
                    message.getAsJsonObject("target").get("name").getAsString(),
                    Path.of(message.get("executable").getAsString()));
        }
    }
}

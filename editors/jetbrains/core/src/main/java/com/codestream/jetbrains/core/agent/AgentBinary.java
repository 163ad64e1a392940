package com.codestream.jetbrains.core.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Finds the agent: the one that the user named, or the bundled one of this platform. */
public final class AgentBinary {
    private AgentBinary() {}

    /**
     * The agent's path.
     *
     * @param chosen the user's setting; empty for the bundled one
     * @param bundled the plugin's {@code agent} folder, with one folder for each platform
     * @throws IOException when there is none, in words for a person
     */
    public static Path find(String chosen, Path bundled) throws IOException {
        return find(chosen, bundled, System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static Path find(String chosen, Path bundled, String os, String arch) throws IOException {
        if (!chosen.isBlank()) {
            var path = Path.of(chosen.strip());
            if (!Files.isRegularFile(path)) {
                throw new IOException("There is no agent at " + path
                        + ". Correct the path in the settings, or clear it to use the one that comes with the plugin.");
            }
            return path;
        }
        var platform = platform(os, arch);
        var name = platform.startsWith("windows") ? "codestream-agent.exe" : "codestream-agent";
        var path = bundled.resolve(platform).resolve(name);
        if (!Files.isRegularFile(path)) {
            throw new IOException(
                    "This plugin has no agent for " + platform + ". Build one and name its path in the settings.");
        }
        // An archive that was unpacked without its modes.
        if (!Files.isExecutable(path) && !path.toFile().setExecutable(true)) {
            throw new IOException(
                    "The agent at " + path + " may not be executed. Allow it, or name another one in the settings.");
        }
        return path;
    }

    /** A platform's folder, e.g. {@code linux-x64}. */
    static String platform(String os, String arch) {
        var system = os.toLowerCase(Locale.ROOT);
        var family = system.startsWith("windows") ? "windows" : system.startsWith("mac") ? "macos" : "linux";
        var machine =
                switch (arch.toLowerCase(Locale.ROOT)) {
                    case "amd64", "x86_64" -> "x64";
                    case "aarch64", "arm64" -> "arm64";
                    default -> arch;
                };
        return family + "-" + machine;
    }
}

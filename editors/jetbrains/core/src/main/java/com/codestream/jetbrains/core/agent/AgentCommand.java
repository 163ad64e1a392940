package com.codestream.jetbrains.core.agent;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * How the agent is started.
 *
 * @param line program and arguments
 * @param environment variables beside those of the IDE
 */
public record AgentCommand(List<String> line, Map<String, String> environment) {
    public AgentCommand {
        line = List.copyOf(line);
        environment = Map.copyOf(environment);
    }

    /** A program in the IDE's environment. */
    public static AgentCommand of(String... line) {
        return new AgentCommand(List.of(line), Map.of());
    }

    Process start() throws IOException {
        var builder = new ProcessBuilder(line);
        builder.environment().putAll(environment);
        return builder.start();
    }
}

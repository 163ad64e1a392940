package com.codestream.jetbrains.core.agent;

import com.codestream.jetbrains.core.Threads;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.InitializedParams;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.eclipse.lsp4j.jsonrpc.RemoteEndpoint;

/**
 * One running agent: its process and the LSP connection over its standard streams. Ends with the process; starting another
 * one is the supervisor's.
 */
public final class AgentConnection {
    /** How long {@code initialize} may take; the agent answers in milliseconds. */
    private static final Duration INITIALIZE = Duration.ofSeconds(10);

    /** How long the agent may take over each step of its end. It gives itself 2 s. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private final Process process;
    private final AgentServer server;
    private final RemoteEndpoint endpoint;
    private final Set<CompletableFuture<?>> inFlight = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Integer> ended;
    private CompletableFuture<Void> closed;

    private AgentConnection(Process process, AgentListener listener) {
        this.process = process;
        var reader = Executors.newSingleThreadExecutor(Threads.daemons("codestream-agent-reader"));
        var launcher = new Launcher.Builder<AgentServer>()
                .setLocalService(new AgentClient(listener))
                .setRemoteInterface(AgentServer.class)
                .setInput(process.getInputStream())
                .setOutput(process.getOutputStream())
                .setExecutorService(reader)
                .create();
        server = launcher.getRemoteProxy();
        endpoint = launcher.getRemoteEndpoint();
        launcher.startListening();
        reader.shutdown();
        Threads.daemons("codestream-agent-log")
                .newThread(() -> copyLog(process, listener))
                .start();
        ended = process.onExit().thenApply(this::abandon);
    }

    /**
     * Starts an agent and completes when it has answered {@code initialize}.
     *
     * @return the connection; fails when the program cannot be started, ends at once or does not answer
     */
    static CompletableFuture<AgentConnection> open(
            AgentCommand command, InitializeParams params, AgentListener listener) {
        final AgentConnection connection;
        try {
            connection = new AgentConnection(command.start(), listener);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        var initialized = connection.track(connection.server.initialize(params));
        return initialized
                .orTimeout(INITIALIZE.toMillis(), TimeUnit.MILLISECONDS)
                .thenApply(result -> {
                    connection.server.initialized(new InitializedParams());
                    return connection;
                })
                .whenComplete((opened, failure) -> {
                    if (failure != null) {
                        connection.process.destroyForcibly();
                    }
                });
    }

    /** Sends a request of {@link AgentServer} by its name. Fails with a {@link RequestFailure} in its cause when the agent ends first. */
    public CompletableFuture<JsonElement> request(String method, JsonObject params) {
        return track(endpoint.request(method, params))
                .thenApply(result -> result == null ? JsonNull.INSTANCE : (JsonElement) result);
    }

    /** Signs in with a kept token: {@code codestream/login/token}. */
    public CompletableFuture<JsonElement> loginToken(JsonObject params) {
        return track(server.loginToken(params));
    }

    /** Completes with the exit status when the process has ended, for whatever reason. */
    CompletableFuture<Integer> ended() {
        return ended;
    }

    /** Shuts it down in good order, and by force when that takes too long. Completes when the process has ended. */
    synchronized CompletableFuture<Void> close() {
        if (closed == null) {
            closed = process.isAlive() ? shutDown() : ended.thenApply(status -> null);
        }
        return closed;
    }

    private CompletableFuture<Void> shutDown() {
        var shutdown = CompletableFuture.anyOf(server.shutdown(), ended);
        return shutdown.orTimeout(GRACE.toMillis(), TimeUnit.MILLISECONDS)
                .handle((done, late) -> {
                    if (!ended.isDone()) {
                        server.exit();
                    }
                    closeInput();
                    return endsInTime();
                })
                .thenCompose(exits -> exits)
                .thenCompose(exited -> {
                    if (exited) {
                        return CompletableFuture.completedFuture(true);
                    }
                    process.destroy();
                    return endsInTime();
                })
                .thenCompose(exited -> {
                    if (!exited) {
                        process.destroyForcibly();
                    }
                    return ended.thenApply(status -> null);
                });
    }

    private CompletableFuture<Boolean> endsInTime() {
        return ended.thenApply(status -> true).completeOnTimeout(false, GRACE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void closeInput() {
        try {
            // End of input ends an agent that did not hear `exit`.
            process.getOutputStream().close();
        } catch (IOException alreadyGone) {
            // Nobody reads it any more, which is what closing is for.
        }
    }

    private <T> CompletableFuture<T> track(CompletableFuture<T> request) {
        inFlight.add(request);
        request.whenComplete((answer, failure) -> inFlight.remove(request));
        // The process may have ended between sending and adding.
        if (!process.isAlive()) {
            abandon(process);
        }
        return request;
    }

    /** Nobody will answer any more. */
    private int abandon(Process gone) {
        for (var request : inFlight) {
            request.completeExceptionally(
                    RequestFailure.agentGone("The CodeStream agent stopped before it answered. Try again."));
        }
        return gone.exitValue();
    }

    private static void copyLog(Process process, AgentListener listener) {
        try (var lines = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            lines.lines().forEach(listener::logged);
        } catch (IOException | UncheckedIOException closed) {
            // The process has ended and took its stream along.
        }
    }
}

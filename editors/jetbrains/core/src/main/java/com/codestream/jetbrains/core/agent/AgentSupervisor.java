package com.codestream.jetbrains.core.agent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.lsp4j.MessageType;

/**
 * Keeps one agent running: starts it, starts it again after it ended, gives up after too many times, ends it. Owns the
 * process and nothing of what is said to it.
 *
 * <p>Every method is called on the loop, and every change happens there: there is nothing to lock.
 */
public final class AgentSupervisor {
    /** Where the agent is. */
    public enum Status {
        STOPPED,
        STARTING,
        RUNNING,
        RESTARTING,
        FAILED
    }

    /** How long a request waits for an agent that is being started. */
    private static final long PATIENCE_S = 30;

    private final ScheduledExecutorService loop;
    private final Executor io;
    private final Supplier<CompletableFuture<AgentLaunch>> launches;
    private final AgentListener listener;
    private final BackOff backOff;
    private final LongSupplier nanos;
    private final BiConsumer<Status, String> told;

    private Status status = Status.STOPPED;
    /** The agent, once it runs; fails when there will be none. */
    private CompletableFuture<AgentConnection> running = new CompletableFuture<>();
    /** The newest agent, running or not. */
    private CompletableFuture<AgentConnection> latest = CompletableFuture.completedFuture(null);
    /** Counts starts: what comes from an earlier one is stale. */
    private int run;

    /**
     * A supervisor with no agent yet.
     *
     * @param loop the one thread that calls this
     * @param io for the start of a process, which may block
     * @param launches asked at every start, so that each has the settings and the session of its time
     * @param nanos a monotonic clock
     * @param told each change of status, with words for a person when there are any
     */
    public AgentSupervisor(
            ScheduledExecutorService loop,
            Executor io,
            Supplier<CompletableFuture<AgentLaunch>> launches,
            AgentListener listener,
            BackOff.Policy policy,
            LongSupplier nanos,
            BiConsumer<Status, String> told) {
        this.loop = loop;
        this.io = io;
        this.launches = launches;
        this.listener = listener;
        this.backOff = new BackOff(policy);
        this.nanos = nanos;
        this.told = told;
    }

    /** Starts the agent unless it is there or on its way. */
    public void start() {
        if (status == Status.STOPPED) {
            launch(Status.STARTING);
        }
    }

    /** Ends the agent, if there is one, and starts another; what went wrong before does not count. */
    public void restart() {
        backOff.forgive();
        var old = latest;
        renew();
        launch(Status.RESTARTING);
        close(old);
    }

    /** Ends the agent, even one that is still on its way; completes when its process is gone. */
    public CompletableFuture<Void> stop() {
        run++;
        running.completeExceptionally(RequestFailure.agentGone("CodeStream is closing."));
        change(Status.STOPPED, null);
        return close(latest);
    }

    /** Sends a request, waiting for an agent that is being started. */
    public CompletableFuture<JsonElement> request(String method, JsonObject params) {
        return connection().thenCompose(agent -> agent.request(method, params));
    }

    /** The agent, as soon as it runs. */
    public CompletableFuture<AgentConnection> connection() {
        // A copy: one caller's patience must not end the others'.
        return running.copy().orTimeout(PATIENCE_S, TimeUnit.SECONDS);
    }

    /** A place for the next agent. Who waits at a place that nobody came to waits on. */
    private void renew() {
        if (running.isDone()) {
            running = new CompletableFuture<>();
        }
    }

    private static CompletableFuture<Void> close(CompletableFuture<AgentConnection> opened) {
        return opened.handle((agent, failure) -> agent)
                .thenCompose(agent -> agent == null ? CompletableFuture.completedFuture(null) : agent.close());
    }

    private void launch(Status as) {
        var mine = ++run;
        change(as, null);
        latest = launches.get()
                .thenComposeAsync(
                        launch -> AgentConnection.open(launch.command(), launch.initialize(), heard(mine)), io);
        latest.whenCompleteAsync((agent, failure) -> opened(mine, nanos.getAsLong(), agent, failure), this::onLoop);
    }

    /** The listener as one run has it: what an agent that was replaced still has to say is not heard. */
    private AgentListener heard(int mine) {
        return new AgentListener() {
            @Override
            public void notified(String method, JsonObject params) {
                onLoop(() -> {
                    if (mine == run) {
                        listener.notified(method, params);
                    }
                });
            }

            @Override
            public CompletableFuture<Boolean> browse(String url) {
                return listener.browse(url);
            }

            @Override
            public void said(MessageType type, String message) {
                listener.said(type, message);
            }

            @Override
            public CompletableFuture<Optional<String>> asked(MessageType type, String message, List<String> answers) {
                return listener.asked(type, message, answers);
            }

            @Override
            public void logged(String line) {
                listener.logged(line);
            }
        };
    }

    private void onLoop(Runnable work) {
        try {
            loop.execute(work);
        } catch (RejectedExecutionException closed) {
            // The window is gone, and with it everybody who would have wanted to know.
        }
    }

    private void opened(int mine, long at, AgentConnection agent, Throwable failure) {
        if (mine != run) {
            // Another start or the end overtook it, and closes it.
            return;
        }
        if (failure != null) {
            var cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof IOException) {
                // A program that is not there or cannot be run: trying again changes nothing.
                fail(cause.getMessage());
            } else {
                again(Duration.ZERO, "The CodeStream agent did not start.");
            }
            return;
        }
        running.complete(agent);
        change(Status.RUNNING, null);
        agent.ended()
                .thenAcceptAsync(exit -> ended(mine, Duration.ofNanos(nanos.getAsLong() - at), exit), this::onLoop);
    }

    private void ended(int mine, Duration ran, int exit) {
        if (mine == run) {
            renew();
            again(ran, "The CodeStream agent ended with status " + exit + ".");
        }
    }

    private void again(Duration ran, String why) {
        var pause = backOff.ended(ran);
        if (pause.isEmpty()) {
            fail(why + " It keeps stopping and was given up. The log says more; then restart it.");
            return;
        }
        var mine = ++run;
        change(Status.RESTARTING, why + " It is being started again.");
        loop.schedule(
                () -> {
                    if (mine == run) {
                        launch(Status.RESTARTING);
                    }
                },
                pause.get().toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void fail(String message) {
        running.completeExceptionally(RequestFailure.agentGone(message));
        change(Status.FAILED, message);
    }

    private void change(Status to, String message) {
        if (status != to || message != null) {
            status = to;
            told.accept(to, message);
        }
    }
}

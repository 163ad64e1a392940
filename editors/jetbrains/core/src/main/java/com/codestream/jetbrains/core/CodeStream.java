package com.codestream.jetbrains.core;

import com.codestream.jetbrains.core.agent.AgentBinary;
import com.codestream.jetbrains.core.agent.AgentCommand;
import com.codestream.jetbrains.core.agent.AgentLaunch;
import com.codestream.jetbrains.core.agent.AgentListener;
import com.codestream.jetbrains.core.agent.AgentSupervisor;
import com.codestream.jetbrains.core.agent.AgentSupervisor.Status;
import com.codestream.jetbrains.core.agent.BackOff;
import com.codestream.jetbrains.core.agent.ProxyFinder;
import com.codestream.jetbrains.core.agent.RequestFailure;
import com.codestream.jetbrains.core.bridge.HostCommands;
import com.codestream.jetbrains.core.bridge.Messages;
import com.codestream.jetbrains.core.bridge.Theme;
import com.codestream.jetbrains.core.bridge.WebViewBridge;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.ProxySelector;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.eclipse.lsp4j.MessageType;

/**
 * One window's CodeStream: its agent, its session and its web view. The only class that an IDE's glue talks to.
 *
 * <p>Methods may be called from any thread and return at once. All state belongs to one thread, the loop; blocking calls of
 * the host run elsewhere and come back to it.
 */
public final class CodeStream {
    /**
     * What surrounds the agent.
     *
     * @param bundled the plugin's folder of agents, one folder for each platform
     * @param environment variables for the agent beside those of the IDE
     * @param backOff when it is started again
     * @param proxies the IDE's proxies
     */
    public record Surroundings(
            Path bundled, Map<String, String> environment, BackOff.Policy backOff, ProxySelector proxies) {
        /** As in an IDE. */
        public static Surroundings of(Path bundled) {
            return new Surroundings(bundled, Map.of(), BackOff.Policy.DEFAULT, ProxySelector.getDefault());
        }
    }

    private static final String RECONNECT = "Reconnect";

    private final Host host;
    private final Product product;
    private final Supplier<Settings> settings;
    private final Surroundings surroundings;
    private final Windows windows;

    private final ScheduledExecutorService loop =
            Executors.newSingleThreadScheduledExecutor(Threads.daemons("codestream"));
    private final ExecutorService io = Executors.newCachedThreadPool(Threads.daemons("codestream-io"));
    private final ExecutorService vault = Executors.newSingleThreadExecutor(Threads.daemons("codestream-vault"));

    private final AgentSupervisor agent;
    private final HostCommands commands;
    private final AttemptNotices attempts;
    private final WebViewBridge bridge;
    private final KeptSession kept;
    private volatile SessionView view = SessionView.EMPTY;
    /** The agent was given the kept session, and the server has not spoken of it yet. */
    private boolean resuming;

    /**
     * A window without an agent yet.
     *
     * @param settings read at every start of the agent
     * @param windows the process's other windows
     */
    public CodeStream(
            Host host, Product product, Supplier<Settings> settings, Surroundings surroundings, Windows windows) {
        this.host = host;
        this.product = product;
        this.settings = settings;
        this.surroundings = surroundings;
        this.windows = windows;
        this.kept = new KeptSession(host, vault);
        this.agent = new AgentSupervisor(
                loop, io, this::launch, new Ears(), surroundings.backOff(), System::nanoTime, this::agentChanged);
        this.commands = new HostCommands(host, io, this::askAgent, this::restart);
        this.attempts = new AttemptNotices(host, this::askAgent);
        this.bridge = new WebViewBridge(
                this::run,
                host::toWeb,
                new WebViewBridge.Backend() {
                    @Override
                    public CompletableFuture<JsonElement> request(String method, JsonObject params) {
                        return agent.request(method, params);
                    }

                    @Override
                    public CompletableFuture<JsonObject> command(String name, JsonObject args) {
                        return commands.run(name, args);
                    }
                },
                line -> host.log(Host.Level.WARNING, line));
        loop.execute(() -> {
            bridge.stand(Messages.host(product, settings.get().serverUrl()));
            bridge.stand(Messages.agent(Status.STOPPED, null));
        });
        windows.opened(this);
    }

    /** Starts the agent unless it is there. Called when the user first looks. */
    public void start() {
        run(agent::start);
    }

    /** Starts the agent anew, forgiving what went wrong. */
    public void restart() {
        run(agent::restart);
    }

    /** The web view's page is being loaded. */
    public void pageStarted() {
        run(bridge::pageStarted);
    }

    /** The web view's page has posted a message. */
    public void received(String text) {
        run(() -> bridge.received(text));
    }

    /** The IDE's theme, now and whenever it changes. */
    public void theme(Theme theme) {
        run(() -> bridge.stand(Messages.theme(theme)));
    }

    /** The user came by a command: the focus goes to a service's row, or to the first action when {@code null}. */
    public void focus(String providerId) {
        run(() -> bridge.tell(Messages.focus(providerId)));
    }

    /** The user changed the settings. */
    public void settingsChanged() {
        run(() -> {
            bridge.stand(Messages.host(product, settings.get().serverUrl()));
            agent.restart();
        });
    }

    /** What the agent has told so far. */
    public SessionView view() {
        return view;
    }

    /** Ends the agent and everything else; completes when the agent's process is gone. */
    public CompletableFuture<Void> stop() {
        windows.closed(this);
        return CompletableFuture.supplyAsync(agent::stop, loop)
                .thenCompose(stopped -> stopped)
                .whenComplete((done, failure) -> List.of(loop, io, vault).forEach(ExecutorService::shutdown));
    }

    /** Another window has signed in. */
    void takeUpSession() {
        run(() -> {
            if (view.email().isEmpty()) {
                kept.load(settings.get().serverUrl())
                        .thenAcceptAsync(session -> session.ifPresent(this::signInWith), loop);
            }
        });
    }

    private void signInWith(KeptSession.Kept session) {
        if (view.email().isPresent()) {
            return;
        }
        agent.connection()
                .thenCompose(connection -> connection.loginToken(session.loginToken()))
                .exceptionally(failure -> {
                    host.log(Host.Level.INFO, "Another window's session was not taken up: " + failure.getMessage());
                    return null;
                });
    }

    /** A request on behalf of a command, from whatever thread the person's answer came on. */
    private CompletableFuture<JsonElement> askAgent(String method, JsonObject params) {
        return CompletableFuture.supplyAsync(() -> agent.request(method, params), loop)
                .thenCompose(answer -> answer);
    }

    private CompletableFuture<AgentLaunch> launch() {
        var now = settings.get();
        return kept.load(now.serverUrl())
                .thenApplyAsync(
                        session -> {
                            resuming = session.isPresent();
                            return session;
                        },
                        loop)
                .thenApplyAsync(
                        session -> {
                            try {
                                var path = AgentBinary.find(now.agentPath(), surroundings.bundled());
                                var command = new AgentCommand(
                                        List.of(path.toString(), "--stdio"), surroundings.environment());
                                var proxy = ProxyFinder.find(now.serverUrl(), surroundings.proxies());
                                return AgentLaunch.of(
                                        command, now, product, proxy, session.map(KeptSession.Kept::token));
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                        },
                        io);
    }

    private void agentChanged(Status status, String words) {
        if (status != Status.RUNNING) {
            view = view.withoutAgent();
        }
        bridge.stand(Messages.agent(status, words, resuming));
        host.log(Host.Level.INFO, "The agent is " + status.name().toLowerCase(Locale.ROOT) + ".");
        if (status == Status.FAILED) {
            host.notify(Host.Level.ERROR, words);
        }
    }

    private void notified(String method, JsonObject params) {
        var known = view.attempts();
        become(view.after(method, params));
        switch (method) {
            case "codestream/didLogin" -> {
                resumed();
                learnAccesses();
                kept.keep(params.getAsJsonObject("session")).thenAccept(news -> {
                    if (news) {
                        windows.signedIn(this);
                    }
                });
            }
            case "codestream/didLogout" -> {
                resumed();
                kept.forget();
            }
            case "codestream/attempt/didChange" -> {
                var attempt = params.getAsJsonObject("attempt");
                attempts.changed(known.get(attempt.get("attemptId").getAsString()), attempt);
                SessionView.notice(attempt).ifPresent(notice -> host.notify(notice.level(), notice.words()));
            }
            default -> {
                // The view's alone.
            }
        }
        bridge.notified(method, params);
    }

    /** Changes are told, so that what is there has to be asked for. */
    private void learnAccesses() {
        agent.request("codestream/provider/list", new JsonObject())
                .thenAcceptAsync(
                        list -> become(view.listing(list.getAsJsonObject().getAsJsonArray("providers"))), loop)
                .exceptionally(failure -> {
                    host.log(Host.Level.INFO, "The accounts are not known: " + failure.getMessage());
                    return null;
                });
    }

    private void become(SessionView next) {
        var before = view.accesses();
        view = next;
        windows.work(next.accesses().gainedSince(before));
        for (var access : next.accesses().lostSince(before)) {
            if (windows.tellsOf(access.key())) {
                host.choose(Host.Level.WARNING, access.words(), List.of(RECONNECT))
                        .thenAccept(answer -> answer.ifPresent(chosen -> run(() -> reconnect(access.key()))));
            }
        }
    }

    /** The person may have come to it late: what was reconnected meanwhile is only shown. */
    private void reconnect(String account) {
        var access = view.accesses().all().get(account);
        if (access == null) {
            return;
        }
        bridge.tell(Messages.focus(access.providerId()));
        if (!access.lost()) {
            return;
        }
        CompletableFuture<? extends JsonElement> begun = access.byToken()
                ? commands.run("useToken", access.params())
                : agent.request("codestream/provider/connect", access.params());
        begun.exceptionally(failure -> {
            host.notify(Host.Level.WARNING, RequestFailure.of(failure).getMessage());
            return null;
        });
    }

    /** The server has spoken of the session; the page that listens hears that, too. */
    private void resumed() {
        if (resuming) {
            resuming = false;
            bridge.standForLater(Messages.agent(Status.RUNNING, null));
        }
    }

    private void run(Runnable work) {
        try {
            loop.execute(work);
        } catch (RejectedExecutionException stopped) {
            // The window is closing: there is nothing left to do it to.
        }
    }

    /** The agent's words. Notifications come on the loop. */
    private final class Ears implements AgentListener {
        @Override
        public void notified(String method, JsonObject params) {
            CodeStream.this.notified(method, params);
        }

        @Override
        public CompletableFuture<Boolean> browse(String url) {
            return CompletableFuture.supplyAsync(() -> host.browse(url), io);
        }

        @Override
        public void said(MessageType type, String message) {
            host.notify(level(type), message);
        }

        @Override
        public CompletableFuture<Optional<String>> asked(MessageType type, String message, List<String> answers) {
            return host.choose(level(type), message, answers);
        }

        @Override
        public void logged(String line) {
            host.log(Host.Level.INFO, line);
        }

        private static Host.Level level(MessageType type) {
            return switch (type) {
                case Error -> Host.Level.ERROR;
                case Warning -> Host.Level.WARNING;
                default -> Host.Level.INFO;
            };
        }
    }
}

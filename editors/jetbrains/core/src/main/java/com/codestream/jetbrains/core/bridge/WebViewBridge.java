package com.codestream.jetbrains.core.bridge;

import com.codestream.jetbrains.core.agent.RequestFailure;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The web view's messages: passes allow-listed requests on to the agent, commands to the host, and keeps what is to be shown
 * until a page listens. Knows no service and holds no token.
 *
 * <p>Every method is called on the loop.
 */
public final class WebViewBridge {
    /** The requests that a page may make of the agent. A page that was taken over can do no more than press buttons. */
    static final Set<String> PASSED_ON = Set.of(
            "codestream/provider/connect",
            "codestream/provider/list",
            "codestream/provider/disconnect",
            "codestream/provider/remove",
            "codestream/login/sso",
            "codestream/login/link",
            "codestream/login/identities",
            "codestream/login/unlink",
            "codestream/session/list",
            "codestream/session/end",
            "codestream/attempt/confirm",
            "codestream/attempt/cancel",
            "codestream/attempt/reopen",
            "codestream/logout",
            "codestream/status");

    /** Events kept for a page that does not listen yet. It asks for the whole state when it does, so the oldest may go. */
    private static final int MOST_WAITING = 256;

    /** Whom the bridge asks. */
    public interface Backend {
        /** Passes a request on to the agent. */
        CompletableFuture<JsonElement> request(String method, JsonObject params);

        /** Does what only a host can do; fails with {@link RequestFailure}. */
        CompletableFuture<JsonObject> command(String name, JsonObject args);
    }

    private final Executor loop;
    private final Consumer<String> page;
    private final Backend backend;
    private final Consumer<String> log;

    /** What holds until it is replaced, by type: the newest of each is told to every page. */
    private final Map<String, JsonObject> standing = new LinkedHashMap<>();

    private final Deque<JsonObject> waiting = new ArrayDeque<>();
    private boolean listens;
    /** Counts pages: an answer for an earlier page would meet a request of the same number. */
    private int pages;

    /**
     * A bridge to no page yet.
     *
     * @param page runs a script in the page
     */
    public WebViewBridge(Executor loop, Consumer<String> page, Backend backend, Consumer<String> log) {
        this.loop = loop;
        this.page = page;
        this.backend = backend;
        this.log = log;
    }

    /** A page is being loaded: nobody listens until it says so. */
    public void pageStarted() {
        listens = false;
        pages++;
    }

    /** Tells what holds from now on: one message of each type, the newest wins. */
    public void stand(JsonObject message) {
        standing.put(message.get("type").getAsString(), message);
        if (listens) {
            post(message);
        }
    }

    /** As {@link #stand}, for the pages to come: the one that listens knows by other means. */
    public void standForLater(JsonObject message) {
        standing.put(message.get("type").getAsString(), message);
    }

    /** Tells an event once, to the page that listens or else to the next one. */
    public void tell(JsonObject message) {
        if (listens) {
            post(message);
            return;
        }
        if (waiting.size() == MOST_WAITING) {
            waiting.removeFirst();
        }
        waiting.addLast(message);
    }

    /** Passes a notification of the agent on, without its secret. */
    public void notified(String method, JsonObject params) {
        tell(Messages.notification(method, params));
    }

    /** A page has posted something. */
    public void received(String text) {
        final JsonElement json;
        try {
            json = JsonParser.parseString(text);
        } catch (JsonParseException e) {
            log.accept("The web view posted something that is not JSON.");
            return;
        }
        if (!(json instanceof JsonObject message)) {
            log.accept("The web view posted something that is not a message.");
            return;
        }
        switch (text(message, "type")) {
            case "ready" -> listens();
            case "request" -> answer(message.get("id"), request(text(message, "method"), object(message, "params")));
            case "command" ->
                answer(message.get("id"), backend.command(text(message, "command"), object(message, "args")));
            default -> log.accept("The web view posted a message of no known type.");
        }
    }

    private void listens() {
        if (listens) {
            // A page that was replaced without a word.
            pages++;
        }
        listens = true;
        standing.values().forEach(this::post);
        while (!waiting.isEmpty()) {
            post(waiting.removeFirst());
        }
    }

    private CompletableFuture<JsonElement> request(String method, JsonObject params) {
        if (!PASSED_ON.contains(method)) {
            return CompletableFuture.failedFuture(RequestFailure.refused(
                    RequestFailure.METHOD_NOT_FOUND, "The view may not ask for “" + method + "”."));
        }
        return backend.request(method, params);
    }

    private void answer(JsonElement id, CompletableFuture<? extends JsonElement> result) {
        if (!(id instanceof JsonPrimitive number) || !number.isNumber()) {
            log.accept("The web view asked for something without a number.");
            return;
        }
        var asker = pages;
        result.whenCompleteAsync(
                (value, failure) -> {
                    if (asker == pages && listens) {
                        post(
                                failure == null
                                        ? Messages.result(id, value)
                                        : Messages.error(id, RequestFailure.of(failure)));
                    }
                },
                loop);
    }

    private void post(JsonObject message) {
        page.accept(AsciiJson.call(message));
    }

    private static String text(JsonObject message, String name) {
        return message.get(name) instanceof JsonPrimitive value && value.isString() ? value.getAsString() : "";
    }

    private static JsonObject object(JsonObject message, String name) {
        return message.get(name) instanceof JsonObject value ? value : new JsonObject();
    }
}

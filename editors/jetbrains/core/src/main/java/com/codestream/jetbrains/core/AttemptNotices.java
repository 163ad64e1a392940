package com.codestream.jetbrains.core;

import com.codestream.jetbrains.core.agent.RequestFailure;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * What a running attempt asks or tells while its card is not to be seen: whether an account may sign in as the user, and that
 * a link was opened elsewhere. Called on the loop.
 */
final class AttemptNotices {
    static final String ALLOW = "Allow sign-in";
    static final String CANCEL = "Cancel";
    static final String AGAIN = "Open again";

    private final Host host;
    private final BiFunction<String, JsonObject, CompletableFuture<JsonElement>> agent;

    AttemptNotices(Host host, BiFunction<String, JsonObject, CompletableFuture<JsonElement>> agent) {
        this.host = host;
        this.agent = agent;
    }

    /**
     * An attempt has changed.
     *
     * @param before what was known of it, or {@code null}
     */
    void changed(JsonObject before, JsonObject attempt) {
        if (attempt.has("end") || host.viewShown()) {
            return;
        }
        if (isNew("step", before, attempt).filter("confirming"::equals).isPresent()) {
            host.choose(Host.Level.WARNING, question(attempt), List.of(ALLOW, CANCEL))
                    .thenAccept(answer -> answer.ifPresent(chosen -> send(
                            chosen.equals(ALLOW) ? "codestream/attempt/confirm" : "codestream/attempt/cancel",
                            attempt)));
        }
        isNew("note", before, attempt).ifPresent(note -> host.choose(Host.Level.WARNING, note, List.of(AGAIN, CANCEL))
                .thenAccept(answer -> answer.ifPresent(chosen -> send(
                        chosen.equals(AGAIN) ? "codestream/attempt/reopen" : "codestream/attempt/cancel", attempt))));
    }

    private static String question(JsonObject attempt) {
        var service = attempt.get("host").getAsString();
        return "Let " + text(attempt, "account").orElse("this account") + " at " + service + " sign in as you? "
                + "Whoever has that account can then sign in to your CodeStream account.";
    }

    private void send(String method, JsonObject attempt) {
        var params = new JsonObject();
        params.add("attemptId", attempt.get("attemptId"));
        agent.apply(method, params).exceptionally(failure -> {
            host.notify(Host.Level.WARNING, RequestFailure.of(failure).getMessage());
            return null;
        });
    }

    private static Optional<String> isNew(String field, JsonObject before, JsonObject attempt) {
        var now = text(attempt, field);
        return before != null && now.equals(text(before, field)) ? Optional.empty() : now;
    }

    private static Optional<String> text(JsonObject attempt, String field) {
        return attempt.has(field) ? Optional.of(attempt.get(field).getAsString()) : Optional.empty();
    }
}

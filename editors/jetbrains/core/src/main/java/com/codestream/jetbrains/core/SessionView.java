package com.codestream.jetbrains.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the agent has told so far, as far as the plugin itself acts on it: who is signed in, whether the channel is up, the
 * attempts and the accounts at services. A pure function of the notifications; holds no token.
 *
 * @param email who is signed in
 * @param connection the protocol's {@code ConnectionStatus}
 * @param attempts the newest state of each attempt, by its id
 * @param accesses the user's accounts at services
 */
public record SessionView(
        Optional<String> email, String connection, Map<String, JsonObject> attempts, Accesses accesses) {
    /** Before the agent has said anything. */
    public static final SessionView EMPTY = new SessionView(Optional.empty(), "disconnected", Map.of(), Accesses.NONE);

    public SessionView {
        attempts = Map.copyOf(attempts);
    }

    /** What holds after a notification. */
    public SessionView after(String method, JsonObject params) {
        return switch (method) {
            case "codestream/didLogin" ->
                new SessionView(
                        Optional.of(
                                params.getAsJsonObject("session").get("email").getAsString()),
                        connection,
                        attempts,
                        accesses);
            case "codestream/didLogout" -> new SessionView(Optional.empty(), connection, attempts, Accesses.NONE);
            case "codestream/didChangeConnectionStatus" ->
                new SessionView(email, params.get("status").getAsString(), attempts, accesses);
            case "codestream/attempt/didChange" -> with(params.getAsJsonObject("attempt"));
            case "codestream/didChangeData" ->
                params.get("type").getAsString().equals("providers") ? listing(params.getAsJsonArray("data")) : this;
            default -> this;
        };
    }

    /** What holds after a list of the services, {@code ProviderList.providers}. */
    SessionView listing(JsonArray providers) {
        return new SessionView(email, connection, attempts, Accesses.of(providers));
    }

    /** What holds when the agent is gone: it takes its session and attempts along, the next one tells its own. */
    public SessionView withoutAgent() {
        return EMPTY;
    }

    /** Attempts that have not ended. */
    public Collection<JsonObject> running() {
        return attempts.values().stream().filter(attempt -> !attempt.has("end")).toList();
    }

    /** What a person is told about an attempt's end when they look elsewhere; empty for an end of their own making. */
    static Optional<Notice> notice(JsonObject attempt) {
        if (!(attempt.get("end") instanceof JsonObject end)) {
            return Optional.empty();
        }
        var host = attempt.get("host").getAsString();
        var account = text(end.get("account"));
        return switch (end.get("outcome").getAsString()) {
            case "connected" -> Optional.of(new Notice(Host.Level.INFO, connected(attempt, host, account)));
            case "signedIn" ->
                Optional.of(new Notice(
                        Host.Level.INFO,
                        "Signed in with " + host
                                + account.map(who -> " as " + who).orElse("") + "."));
            case "failed" ->
                text(end.get("kind")).filter("declined"::equals).isPresent()
                        ? Optional.empty()
                        : text(end.get("message")).map(words -> new Notice(Host.Level.WARNING, words));
            default -> Optional.empty();
        };
    }

    private static String connected(JsonObject attempt, String host, Optional<String> account) {
        return text(attempt.get("kind")).filter("link"::equals).isPresent()
                ? account.orElse("Your account") + " at " + host + " can now sign in as you."
                : "Connected to " + host + account.map(who -> " as " + who).orElse("") + ".";
    }

    /** Words with their weight. */
    record Notice(Host.Level level, String words) {}

    private SessionView with(JsonObject attempt) {
        var all = new LinkedHashMap<>(attempts);
        all.put(attempt.get("attemptId").getAsString(), attempt);
        return new SessionView(email, connection, all, accesses);
    }

    private static Optional<String> text(JsonElement value) {
        return value == null || value.isJsonNull() ? Optional.empty() : Optional.of(value.getAsString());
    }
}

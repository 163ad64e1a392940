package com.codestream.jetbrains.core;

import com.google.gson.JsonObject;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The session between two runs of the agent: in the IDE's secret store and nowhere else. Every access goes through one
 * thread of its own, in order, because a store may wait for a person to unlock it.
 */
final class KeptSession {
    private final Host host;
    private final Executor vault;
    /** The session that this window works with. Belongs to the vault's thread. */
    private Optional<Kept> mine = Optional.empty();

    KeptSession(Host host, Executor vault) {
        this.host = host;
        this.vault = vault;
    }

    /**
     * A session as it is kept.
     *
     * @param account whose it is
     * @param token its bearer token
     */
    record Kept(Account account, Secret token) {
        /** Params of {@code codestream/login/token}. */
        JsonObject loginToken() {
            var token = new JsonObject();
            token.addProperty("url", account.serverUrl());
            token.addProperty("email", account.email());
            token.addProperty("value", this.token.expose());
            if (!account.teamId().isEmpty()) {
                token.addProperty("teamId", account.teamId());
            }
            var params = new JsonObject();
            params.add("token", token);
            return params;
        }
    }

    /** The session for a server, if there is one. A store that cannot be read counts as an empty one. */
    CompletableFuture<Optional<Kept>> load(String serverUrl) {
        return CompletableFuture.supplyAsync(() -> mine = read(Account.server(serverUrl)), vault)
                .exceptionally(failure -> {
                    host.log(Host.Level.WARNING, "The secret store could not be read: " + failure.getMessage());
                    return Optional.empty();
                });
    }

    /**
     * Keeps the session that the agent told of.
     *
     * @param session {@code session} of {@code codestream/didLogin}
     * @return whether it is news: an agent that was started with a kept session tells of it again
     */
    CompletableFuture<Boolean> keep(JsonObject session) {
        var team = session.has("teamId") ? session.get("teamId").getAsString() : "";
        var account = new Account(
                session.get("serverUrl").getAsString(),
                team,
                session.get("email").getAsString());
        var kept = new Kept(account, new Secret(session.get("token").getAsString()));
        return CompletableFuture.supplyAsync(() -> write(kept), vault).exceptionally(failure -> {
            host.log(Host.Level.WARNING, "The secret store could not be written: " + failure.getMessage());
            host.notify(
                    Host.Level.WARNING,
                    "You are signed in until this IDE closes: the session could not be stored in the IDE's password safe.");
            return false;
        });
    }

    /** This window's session has ended. One that another window has begun since stays. */
    void forget() {
        vault.execute(() -> {
            mine.filter(ended -> read(ended.account().serverUrl()).equals(mine))
                    .ifPresent(ended -> host.forget(ended.account()));
            mine = Optional.empty();
        });
    }

    private Optional<Kept> read(String serverUrl) {
        return host.account(serverUrl).flatMap(account -> host.secret(account).map(token -> new Kept(account, token)));
    }

    private boolean write(Kept kept) {
        mine = Optional.of(kept);
        var before = read(kept.account().serverUrl());
        if (before.filter(kept::equals).isPresent()) {
            return false;
        }
        before.map(Kept::account)
                .filter(account -> !account.equals(kept.account()))
                .ifPresent(host::forget);
        host.keep(kept.account(), kept.token());
        return true;
    }
}

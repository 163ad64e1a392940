package com.codestream.jetbrains.core.bridge;

import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.agent.RequestFailure;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The view's commands: what only a host can do. Secrets go from the IDE's password box to the agent, past the view. */
public final class HostCommands {
    private static final String USE = "CodeStream: Use a Token";
    private static final String ADD = "CodeStream: Add a Self-hosted Service";

    private final Host host;
    private final Executor io;
    private final BiFunction<String, JsonObject, CompletableFuture<JsonElement>> agent;
    private final Runnable restartAgent;

    /**
     * The commands of one window.
     *
     * @param io where a browser may be waited for
     * @param agent sends a request to the agent
     */
    public HostCommands(
            Host host,
            Executor io,
            BiFunction<String, JsonObject, CompletableFuture<JsonElement>> agent,
            Runnable restartAgent) {
        this.host = host;
        this.io = io;
        this.agent = agent;
        this.restartAgent = restartAgent;
    }

    /** Runs a command; its answer is {@code {}} or {@code {"cancelled": true}}. */
    public CompletableFuture<JsonObject> run(String name, JsonObject args) {
        return switch (name) {
            case "copy" -> with(args, "text", text -> done(() -> host.copy(text)));
            case "openExternal" -> with(args, "url", this::open);
            case "useToken" -> with(args, "providerId", this::useToken);
            case "addHost" -> with(args, "providerId", providerId -> addHost(providerId, args.get("host")));
            case "openSettings" -> done(host::openSettings);
            case "showLog" -> done(host::showLog);
            case "restartAgent" -> done(restartAgent);
            default -> refused(RequestFailure.METHOD_NOT_FOUND, "This IDE has no command “" + name + "”.");
        };
    }

    private CompletableFuture<JsonObject> open(String url) {
        var scheme = url.toLowerCase(Locale.ROOT);
        if (!scheme.startsWith("https://") && !scheme.startsWith("http://")) {
            return refused(RequestFailure.INVALID_PARAMS, "Only http and https links are opened.");
        }
        return CompletableFuture.supplyAsync(() -> host.browse(url), io)
                .thenCompose(opened -> opened
                        ? done(() -> {})
                        : refused(
                                RequestFailure.REQUEST_FAILED,
                                "The browser could not be opened. Copy the link and open it yourself."));
    }

    private CompletableFuture<JsonObject> useToken(String providerId) {
        return host.askPassword(USE, "Token for " + readable(providerId) + ":").thenCompose(answer -> {
            var token = answer.filter(secret -> !secret.isBlank());
            if (token.isEmpty()) {
                return cancelled();
            }
            return agent.apply("codestream/provider/list", new JsonObject())
                    .thenCompose(list -> completed(
                            fields(list, providerId),
                            object("accessToken", token.get().expose())))
                    .thenCompose(data -> data.isPresent() ? configure(providerId, data.get()) : cancelled());
        });
    }

    private CompletableFuture<JsonObject> configure(String providerId, JsonObject data) {
        var params = named(providerId);
        params.add("data", data);
        params.addProperty("verify", true);
        return agent.apply("codestream/provider/configure", params).thenCompose(result -> done(() -> {}));
    }

    /** What goes with a token of this service, as the agent lists it. */
    private static Iterator<JsonElement> fields(JsonElement list, String providerId) {
        if (list instanceof JsonObject listed && listed.get("providers") instanceof JsonArray rows) {
            for (var row : rows) {
                if (row instanceof JsonObject service
                        && new JsonPrimitive(providerId).equals(service.get("providerId"))
                        && service.get("tokenFields") instanceof JsonArray fields) {
                    return fields.iterator();
                }
            }
        }
        return Collections.emptyIterator();
    }

    /** Asks for one field after the other; empty when a box is closed. */
    private CompletableFuture<Optional<JsonObject>> completed(Iterator<JsonElement> fields, JsonObject data) {
        if (!fields.hasNext()) {
            return CompletableFuture.completedFuture(Optional.of(data));
        }
        var field = fields.next().getAsJsonObject();
        var words = field.get("prompt").getAsString() + ", such as "
                + field.get("example").getAsString() + ":";
        return host.ask(USE, words).thenCompose(answer -> {
            var text = answer.map(String::strip).filter(entered -> !entered.isEmpty());
            if (text.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            data.addProperty(field.get("name").getAsString(), text.get());
            return completed(fields, data);
        });
    }

    /** A host that is added again is named already. */
    private CompletableFuture<JsonObject> addHost(String providerId, JsonElement known) {
        if (known instanceof JsonPrimitive address && address.isString()) {
            return credentials(providerId, address.getAsString());
        }
        return host.ask(ADD, "Address of the service, or any of its pages:").thenCompose(answer -> {
            var address = answer.map(String::strip).filter(text -> !text.isEmpty());
            return address.isPresent() ? credentials(providerId, address.get()) : cancelled();
        });
    }

    private CompletableFuture<JsonObject> credentials(String providerId, String address) {
        return host.ask(ADD, "Client id of an OAuth app at " + address + "; leave it empty to use a token:")
                .thenCompose(answer -> {
                    if (answer.isEmpty()) {
                        return cancelled();
                    }
                    var clientId = answer.get().strip();
                    return clientId.isEmpty()
                            ? secret("Token for " + address + ":", token -> {
                                return add(providerId, address, object("accessToken", token));
                            })
                            : secret("Client secret of the OAuth app at " + address + ":", secret -> {
                                var data = object("appClientId", clientId);
                                data.addProperty("appClientSecret", secret);
                                return add(providerId, address, data);
                            });
                });
    }

    private CompletableFuture<JsonObject> secret(String words, Function<String, CompletableFuture<JsonObject>> use) {
        return host.askPassword(ADD, words).thenCompose(answer -> answer.filter(secret -> !secret.isBlank())
                .map(secret -> use.apply(secret.expose()))
                .orElseGet(HostCommands::cancelled));
    }

    private CompletableFuture<JsonObject> add(String providerId, String address, JsonObject data) {
        var params = named(providerId);
        params.addProperty("host", address);
        params.add("data", data);
        return agent.apply("codestream/provider/add", params)
                .thenApply(HostCommands::added)
                .exceptionallyCompose(failure -> addConfirmed(params, address, RequestFailure.of(failure)));
    }

    /** Replacing a host disconnects those who have accounts there: the agent's message names them. */
    private CompletableFuture<JsonObject> addConfirmed(JsonObject params, String address, RequestFailure refused) {
        if (!refused.affectsOthers()) {
            return CompletableFuture.failedFuture(refused);
        }
        return host.confirm(ADD, refused.getMessage(), "Replace " + address).thenCompose(yes -> {
            if (!yes) {
                return cancelled();
            }
            params.addProperty("confirmed", true);
            return agent.apply("codestream/provider/add", params).thenApply(HostCommands::added);
        });
    }

    /** What the view may know of it: which service it is, and what to register in its app. */
    private static JsonObject added(JsonElement result) {
        var answer = new JsonObject();
        if (result instanceof JsonObject added) {
            for (var name : List.of("providerId", "redirectUri")) {
                if (added.get(name) instanceof JsonPrimitive value && value.isString()) {
                    answer.add(name, value);
                }
            }
        }
        return answer;
    }

    /** A provider id is a host with stars for dots. */
    private static String readable(String providerId) {
        return providerId.replace('*', '.');
    }

    private static JsonObject named(String providerId) {
        return object("providerId", providerId);
    }

    private static JsonObject object(String name, String value) {
        var object = new JsonObject();
        object.addProperty(name, value);
        return object;
    }

    private static CompletableFuture<JsonObject> with(
            JsonObject args, String name, Function<String, CompletableFuture<JsonObject>> command) {
        if (args.get(name) instanceof JsonPrimitive value && value.isString()) {
            return command.apply(value.getAsString());
        }
        return refused(RequestFailure.INVALID_PARAMS, "The command needs “" + name + "”.");
    }

    private static CompletableFuture<JsonObject> done(Runnable work) {
        work.run();
        return CompletableFuture.completedFuture(new JsonObject());
    }

    private static CompletableFuture<JsonObject> cancelled() {
        var answer = new JsonObject();
        answer.addProperty("cancelled", true);
        return CompletableFuture.completedFuture(answer);
    }

    private static CompletableFuture<JsonObject> refused(int code, String message) {
        return CompletableFuture.failedFuture(RequestFailure.refused(code, message));
    }
}

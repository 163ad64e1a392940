package com.codestream.jetbrains.core.bridge;

import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.agent.AgentSupervisor.Status;
import com.codestream.jetbrains.core.agent.RequestFailure;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Locale;
import java.util.Map;

/** What the host sends to the view, each in the one shape that the bridge has for it. */
public final class Messages {
    private Messages() {}

    /** Who hosts the view. */
    public static JsonObject host(Product product, String serverUrl) {
        var message = of("host");
        message.addProperty("ide", product.ide());
        message.addProperty("version", product.ideVersion());
        message.addProperty("extensionVersion", product.version());
        message.addProperty("serverUrl", serverUrl);
        return message;
    }

    /** Where the agent is. One that was stopped is on its way in or out. */
    public static JsonObject agent(Status status, String words) {
        return agent(status, words, false);
    }

    /** As {@link #agent(Status, String)}; {@code resuming}: the server has not spoken yet of the session that it was given. */
    public static JsonObject agent(Status status, String words, boolean resuming) {
        var message = of("agent");
        message.addProperty(
                "status", status == Status.STOPPED ? "starting" : status.name().toLowerCase(Locale.ROOT));
        if (words != null) {
            message.addProperty("message", words);
        }
        if (resuming) {
            message.addProperty("resuming", true);
        }
        return message;
    }

    /** The IDE's colours. */
    public static JsonObject theme(Theme theme) {
        var message = of("theme");
        message.addProperty("kind", theme.kind().word());
        var variables = new JsonObject();
        for (Map.Entry<String, String> variable : theme.variables().entrySet()) {
            variables.addProperty(variable.getKey(), variable.getValue());
        }
        message.add("variables", variables);
        return message;
    }

    /** The keyboard focus goes to a service's row, or to the first action. */
    public static JsonObject focus(String providerId) {
        var message = of("focus");
        if (providerId != null) {
            message.addProperty("providerId", providerId);
        }
        return message;
    }

    /** A notification of the agent as a view may see it: the session token is for the plugin alone. */
    static JsonObject notification(String method, JsonObject params) {
        var message = of("notification");
        message.addProperty("method", method);
        var shown = params.deepCopy();
        if (shown.get("session") instanceof JsonObject session) {
            session.remove("token");
        }
        message.add("params", shown);
        return message;
    }

    static JsonObject result(JsonElement id, JsonElement result) {
        var message = of("response");
        message.add("id", id);
        message.add("result", result);
        return message;
    }

    static JsonObject error(JsonElement id, RequestFailure failure) {
        var message = of("response");
        message.add("id", id);
        message.add("error", failure.toJson());
        return message;
    }

    private static JsonObject of(String type) {
        var message = new JsonObject();
        message.addProperty("type", type);
        return message;
    }
}

package com.codestream.jetbrains.core.agent;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;

/** A request that was refused, or that nobody could answer: JSON-RPC's code, words for a person, and the protocol's error data. */
public final class RequestFailure extends Exception {
    /** JSON-RPC: nobody serves the method. */
    public static final int METHOD_NOT_FOUND = -32601;

    /** JSON-RPC: the params do not fit. */
    public static final int INVALID_PARAMS = -32602;

    /** LSP 3.17 {@code RequestFailed}. */
    public static final int REQUEST_FAILED = -32803;

    private final int code;
    private final transient JsonObject data;

    private RequestFailure(int code, String message, JsonObject data) {
        super(message);
        this.code = code;
        this.data = data;
    }

    /** A refusal of the plugin's own. */
    public static RequestFailure refused(int code, String message) {
        return new RequestFailure(code, message, null);
    }

    /** The agent is not there to answer; the same request may succeed later. */
    public static RequestFailure agentGone(String message) {
        var data = new JsonObject();
        data.addProperty("kind", "internal");
        data.addProperty("retryable", true);
        return new RequestFailure(REQUEST_FAILED, message, data);
    }

    /** What a failed future says. */
    public static RequestFailure of(Throwable failure) {
        var cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof RequestFailure refused) {
            return refused;
        }
        if (cause instanceof ResponseErrorException answered) {
            var error = answered.getResponseError();
            var data =
                    error.getData() instanceof JsonElement json && json.isJsonObject() ? json.getAsJsonObject() : null;
            return new RequestFailure(error.getCode(), error.getMessage(), data);
        }
        return agentGone("The agent did not answer: " + cause);
    }

    /** Whether it was refused because it would disconnect others, whom the message names: it may be confirmed and sent again. */
    public boolean affectsOthers() {
        return data != null
                && new JsonPrimitive("forbidden").equals(data.get("kind"))
                && data.get("affected") instanceof JsonArray affected
                && !affected.isEmpty();
    }

    /** As the bridge has it: {@code {code, message, data?}}. */
    public JsonObject toJson() {
        var error = new JsonObject();
        error.addProperty("code", code);
        error.addProperty("message", getMessage());
        if (data != null) {
            error.add("data", data);
        }
        return error;
    }
}

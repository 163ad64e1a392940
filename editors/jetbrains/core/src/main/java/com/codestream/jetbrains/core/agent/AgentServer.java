package com.codestream.jetbrains.core.agent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.InitializeResult;
import org.eclipse.lsp4j.InitializedParams;
import org.eclipse.lsp4j.jsonrpc.services.JsonNotification;
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest;

/**
 * The agent's requests, as lsp4j has to know them: results stay the JSON that came, so that what is passed on to the web view
 * is passed on as it is. Names are those of the protocol crate; shapes are its affair.
 */
public interface AgentServer {
    @JsonRequest("initialize")
    CompletableFuture<InitializeResult> initialize(InitializeParams params);

    @JsonNotification("initialized")
    void initialized(InitializedParams params);

    @JsonRequest("shutdown")
    CompletableFuture<Object> shutdown();

    @JsonNotification("exit")
    void exit();

    @JsonRequest("codestream/provider/connect")
    CompletableFuture<JsonElement> connect(JsonObject params);

    @JsonRequest("codestream/login/sso")
    CompletableFuture<JsonElement> loginSso(JsonObject params);

    @JsonRequest("codestream/attempt/cancel")
    CompletableFuture<JsonElement> cancel(JsonObject params);

    @JsonRequest("codestream/attempt/reopen")
    CompletableFuture<JsonElement> reopen(JsonObject params);

    @JsonRequest("codestream/attempt/confirm")
    CompletableFuture<JsonElement> confirm(JsonObject params);

    @JsonRequest("codestream/login/link")
    CompletableFuture<JsonElement> link(JsonObject params);

    @JsonRequest("codestream/login/identities")
    CompletableFuture<JsonElement> identities(JsonObject params);

    @JsonRequest("codestream/login/unlink")
    CompletableFuture<JsonElement> unlink(JsonObject params);

    @JsonRequest("codestream/session/list")
    CompletableFuture<JsonElement> sessions(JsonObject params);

    @JsonRequest("codestream/session/end")
    CompletableFuture<JsonElement> endSession(JsonObject params);

    @JsonRequest("codestream/login/otc")
    CompletableFuture<JsonElement> loginOtc(JsonObject params);

    @JsonRequest("codestream/login/token")
    CompletableFuture<JsonElement> loginToken(JsonObject params);

    @JsonRequest("codestream/logout")
    CompletableFuture<JsonElement> logout(JsonObject params);

    @JsonRequest("codestream/provider/list")
    CompletableFuture<JsonElement> providers(JsonObject params);

    @JsonRequest("codestream/provider/disconnect")
    CompletableFuture<JsonElement> disconnect(JsonObject params);

    @JsonRequest("codestream/provider/configure")
    CompletableFuture<JsonElement> configure(JsonObject params);

    @JsonRequest("codestream/provider/add")
    CompletableFuture<JsonElement> add(JsonObject params);

    @JsonRequest("codestream/provider/remove")
    CompletableFuture<JsonElement> remove(JsonObject params);

    @JsonRequest("codestream/provider/me")
    CompletableFuture<JsonElement> me(JsonObject params);

    @JsonRequest("codestream/provider/request")
    CompletableFuture<JsonElement> call(JsonObject params);

    @JsonRequest("codestream/status")
    CompletableFuture<JsonElement> status(JsonObject params);
}

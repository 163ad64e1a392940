package com.codestream.jetbrains.core.agent;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.MessageActionItem;
import org.eclipse.lsp4j.MessageParams;
import org.eclipse.lsp4j.ShowDocumentParams;
import org.eclipse.lsp4j.ShowDocumentResult;
import org.eclipse.lsp4j.ShowMessageRequestParams;
import org.eclipse.lsp4j.jsonrpc.services.JsonNotification;
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest;

/** The plugin's end of LSP: turns each message into one call of the listener. Owns nothing. */
public final class AgentClient {
    private final AgentListener listener;

    AgentClient(AgentListener listener) {
        this.listener = listener;
    }

    /** The link stays the string that came: nothing here parses it. */
    @JsonRequest("window/showDocument")
    public CompletableFuture<ShowDocumentResult> showDocument(ShowDocumentParams params) {
        if (!Boolean.TRUE.equals(params.getExternal())) {
            return CompletableFuture.completedFuture(new ShowDocumentResult(false));
        }
        return listener.browse(params.getUri()).thenApply(ShowDocumentResult::new);
    }

    @JsonNotification("window/showMessage")
    public void showMessage(MessageParams params) {
        listener.said(params.getType(), params.getMessage());
    }

    @JsonRequest("window/showMessageRequest")
    public CompletableFuture<MessageActionItem> showMessageRequest(ShowMessageRequestParams params) {
        var actions = params.getActions() == null ? List.<MessageActionItem>of() : params.getActions();
        var titles = actions.stream().map(MessageActionItem::getTitle).toList();
        return listener.asked(params.getType(), params.getMessage(), titles)
                .thenApply(chosen -> chosen.map(MessageActionItem::new).orElse(null));
    }

    @JsonNotification("window/logMessage")
    public void logMessage(MessageParams params) {
        listener.logged(params.getMessage());
    }

    @JsonNotification("codestream/attempt/didChange")
    public void attemptDidChange(JsonObject params) {
        listener.notified("codestream/attempt/didChange", params);
    }

    @JsonNotification("codestream/didLogin")
    public void didLogin(JsonObject params) {
        listener.notified("codestream/didLogin", params);
    }

    @JsonNotification("codestream/didLogout")
    public void didLogout(JsonObject params) {
        listener.notified("codestream/didLogout", params);
    }

    @JsonNotification("codestream/didChangeData")
    public void didChangeData(JsonObject params) {
        listener.notified("codestream/didChangeData", params);
    }

    @JsonNotification("codestream/didChangeConnectionStatus")
    public void didChangeConnectionStatus(JsonObject params) {
        listener.notified("codestream/didChangeConnectionStatus", params);
    }
}

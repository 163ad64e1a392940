package com.codestream.jetbrains.core.agent;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.lsp4j.MessageType;

/** What the agent tells and asks. Called on the thread that reads its messages, notifications on the
 * supervisor's loop: nobody may block here. */
public interface AgentListener {
    /** A notification of the protocol, {@code codestream/...}, with its params. */
    void notified(String method, JsonObject params);

    /** Opens a link in the system browser; whether it was handed over. */
    CompletableFuture<Boolean> browse(String url);

    /** {@code window/showMessage}. */
    void said(MessageType type, String message);

    /** {@code window/showMessageRequest}: the answer that was chosen. */
    CompletableFuture<Optional<String>> asked(MessageType type, String message, List<String> answers);

    /** A line of the agent's log. */
    void logged(String line);
}

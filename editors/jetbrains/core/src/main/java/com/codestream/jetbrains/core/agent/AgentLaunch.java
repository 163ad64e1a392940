package com.codestream.jetbrains.core.agent;

import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.Secret;
import com.codestream.jetbrains.core.Settings;
import com.google.gson.JsonObject;
import java.util.Optional;
import org.eclipse.lsp4j.ClientCapabilities;
import org.eclipse.lsp4j.ClientInfo;
import org.eclipse.lsp4j.InitializeParams;
import org.eclipse.lsp4j.ShowDocumentCapabilities;
import org.eclipse.lsp4j.WindowClientCapabilities;

/**
 * What one start of the agent needs: the command, and {@code initialize}.
 *
 * @param command the process
 * @param initialize LSP's first message; may hold the session token, so it is never printed
 */
public record AgentLaunch(AgentCommand command, InitializeParams initialize) {
    /**
     * The agent as the settings want it.
     *
     * @param proxy the IDE's proxy for the server, as a URL
     * @param token a kept session
     */
    public static AgentLaunch of(
            AgentCommand command, Settings settings, Product product, Optional<String> proxy, Optional<Secret> token) {
        var params = new InitializeParams();
        params.setProcessId((int) ProcessHandle.current().pid());
        params.setClientInfo(new ClientInfo(product.ide(), product.ideVersion()));
        params.setCapabilities(capabilities());
        params.setInitializationOptions(options(settings, product, proxy, token));
        return new AgentLaunch(command, params);
    }

    private static ClientCapabilities capabilities() {
        var window = new WindowClientCapabilities();
        window.setShowDocument(new ShowDocumentCapabilities(true));
        // The web view shows every step and has the cancel button; a second bar would only repeat it.
        window.setWorkDoneProgress(false);
        var capabilities = new ClientCapabilities();
        capabilities.setWindow(window);
        return capabilities;
    }

    static JsonObject options(Settings settings, Product product, Optional<String> proxy, Optional<Secret> token) {
        var options = new JsonObject();
        options.addProperty("serverUrl", settings.serverUrl().strip());
        text(options, "teamId", settings.teamId());
        text(options, "extraCerts", settings.extraCerts());
        text(options, "traceLevel", settings.traceLevel());
        text(options, "machineName", product.machine());
        if (settings.disableStrictSsl()) {
            options.addProperty("disableStrictSSL", true);
        }
        proxy.ifPresent(url -> {
            var json = new JsonObject();
            json.addProperty("url", url);
            json.addProperty("strictSSL", !settings.disableStrictSsl());
            options.add("proxy", json);
        });
        token.ifPresent(secret -> options.addProperty("accessToken", secret.expose()));
        var ide = new JsonObject();
        ide.addProperty("name", product.ide());
        ide.addProperty("version", product.ideVersion());
        options.add("ide", ide);
        var extension = new JsonObject();
        extension.addProperty("version", product.version());
        options.add("extension", extension);
        return options;
    }

    private static void text(JsonObject options, String name, String value) {
        if (!value.isBlank()) {
            options.addProperty(name, value.strip());
        }
    }

    @Override
    public String toString() {
        return "AgentLaunch[" + command.line() + "]";
    }
}

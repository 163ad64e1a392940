package com.codestream.jetbrains.core;

import java.util.Objects;

/**
 * Whose session is kept, and where. Holds no secret, so that it can stand in the settings.
 *
 * @param serverUrl the server, without a slash at the end
 * @param teamId the team that the user works in; empty when there is none
 * @param email the user's e-mail address
 */
public record Account(String serverUrl, String teamId, String email) {
    public Account {
        serverUrl = server(serverUrl);
        Objects.requireNonNull(teamId);
        Objects.requireNonNull(email);
    }

    /** The name under which the secret store keeps the session; the user there is {@link #email}. */
    public String service() {
        return teamId.isEmpty() ? serverUrl : serverUrl + " " + teamId;
    }

    /** A server's URL as it is compared: without spaces around it and without a slash at the end. */
    public static String server(String url) {
        var trimmed = url.strip();
        return trimmed.endsWith("/") ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
    }
}

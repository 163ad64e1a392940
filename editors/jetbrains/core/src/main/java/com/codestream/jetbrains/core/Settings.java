package com.codestream.jetbrains.core;

/**
 * What the user can set. Empty text is "not set".
 *
 * @param serverUrl origin of the API
 * @param teamId the team to work in; the user's first when empty
 * @param agentPath an agent to run instead of the bundled one
 * @param extraCerts a PEM file with further certificate authorities
 * @param disableStrictSsl accept any certificate
 * @param traceLevel {@code off}, {@code error}, {@code info}, {@code debug} or {@code trace}
 */
public record Settings(
        String serverUrl,
        String teamId,
        String agentPath,
        String extraCerts,
        boolean disableStrictSsl,
        String traceLevel) {

    /** Only a server. */
    public static Settings of(String serverUrl) {
        return new Settings(serverUrl, "", "", "", false, "info");
    }
}

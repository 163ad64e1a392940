package com.codestream.jetbrains.core.agent;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.util.Optional;

/**
 * The IDE's own proxy for a server. IDEs install their setting, automatic configuration included, as the JVM's default
 * {@link ProxySelector}, so that no class of theirs is needed.
 */
public final class ProxyFinder {
    private ProxyFinder() {}

    /** The first HTTP proxy that is to be used for {@code serverUrl}, as {@code http://host:port}; empty for a direct connection. */
    public static Optional<String> find(String serverUrl, ProxySelector selector) {
        final URI server;
        try {
            server = URI.create(serverUrl.strip());
        } catch (IllegalArgumentException notAUrl) {
            // The agent names the setting; here it only means that there is nothing to look up.
            return Optional.empty();
        }
        if (selector == null || server.getScheme() == null || server.getHost() == null) {
            return Optional.empty();
        }
        return selector.select(server).stream()
                .findFirst()
                .filter(proxy -> proxy.type() == Proxy.Type.HTTP)
                .map(proxy -> (InetSocketAddress) proxy.address())
                .map(ProxyFinder::url);
    }

    private static String url(InetSocketAddress address) {
        var host = address.getHostString();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}

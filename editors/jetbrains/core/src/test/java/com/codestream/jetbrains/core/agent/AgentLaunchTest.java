package com.codestream.jetbrains.core.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Product;
import com.codestream.jetbrains.core.Secret;
import com.codestream.jetbrains.core.Settings;
import com.codestream.jetbrains.core.harness.Binaries;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.lsp4j.jsonrpc.services.JsonRequest;
import org.junit.jupiter.api.Test;

class AgentLaunchTest {
    private static final Product PRODUCT = new Product("GoLand", "2026.2", "0.1.0", "laptop");

    @Test
    void everything_that_is_set_reaches_the_agent_under_the_protocols_names() throws IOException {
        var settings = new Settings(" https://api.example.com ", "team", "", "/etc/ca.pem", true, "debug");
        var options = AgentLaunch.options(
                settings, PRODUCT, Optional.of("http://proxy:3128"), Optional.of(new Secret("t0ken")));
        assertEquals("https://api.example.com", options.get("serverUrl").getAsString());
        assertFalse(options.getAsJsonObject("proxy").get("strictSSL").getAsBoolean());
        assertEquals("t0ken", options.get("accessToken").getAsString());
        var declared = Files.readString(Binaries.repository().resolve("protocol/bindings/InitializationOptions.ts"));
        var names = Pattern.compile("^(\\w+)\\?:", Pattern.MULTILINE)
                .matcher(declared)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        assertEquals(names, options.keySet());
    }

    @Test
    void what_is_not_set_is_not_sent() {
        var options = AgentLaunch.options(Settings.of("https://h"), PRODUCT, Optional.empty(), Optional.empty());
        for (var name : List.of("teamId", "extraCerts", "disableStrictSSL", "proxy", "accessToken")) {
            assertFalse(options.has(name), name);
        }
    }

    @Test
    void a_launch_does_not_print_its_token() {
        var launch = AgentLaunch.of(
                AgentCommand.of("agent"),
                Settings.of("https://h"),
                PRODUCT,
                Optional.empty(),
                Optional.of(new Secret("t0ken")));
        assertFalse(launch.toString().contains("t0ken"));
        assertEquals("[redacted]", new Secret("t0ken").toString());
    }

    @Test
    void every_request_of_the_protocol_is_declared() throws IOException {
        var protocol = Files.readString(Binaries.repository().resolve("protocol/src/lsp/request.rs"));
        var named = Pattern.compile("pub const \\w+: &str = \"(codestream/[^\"]+)\"")
                .matcher(protocol)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        var declared = Arrays.stream(AgentServer.class.getMethods())
                .map(method -> method.getAnnotation(JsonRequest.class))
                .filter(request -> request != null && request.value().startsWith("codestream/"))
                .map(JsonRequest::value)
                .collect(Collectors.toSet());
        assertFalse(named.isEmpty());
        assertEquals(named, declared);
    }

    @Test
    void every_notification_of_the_protocol_is_heard() throws IOException {
        var protocol = Files.readString(Binaries.repository().resolve("protocol/src/lsp/notification.rs"));
        var named = Pattern.compile("pub const \\w+: &str = \"(codestream/[^\"]+)\"")
                .matcher(protocol)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        var heard = Arrays.stream(AgentClient.class.getMethods())
                .map(method -> method.getAnnotation(org.eclipse.lsp4j.jsonrpc.services.JsonNotification.class))
                .filter(notification ->
                        notification != null && notification.value().startsWith("codestream/"))
                .map(org.eclipse.lsp4j.jsonrpc.services.JsonNotification::value)
                .collect(Collectors.toSet());
        assertFalse(named.isEmpty());
        assertEquals(named, heard);
    }

    @Test
    void the_ides_proxy_is_found() {
        assertEquals(
                Optional.of("http://proxy:3128"), ProxyFinder.find("https://h", answering(Proxy.Type.HTTP, "proxy")));
        assertEquals(
                Optional.of("http://[::1]:3128"), ProxyFinder.find("https://h", answering(Proxy.Type.HTTP, "::1")));
        assertEquals(Optional.empty(), ProxyFinder.find("https://h", answering(Proxy.Type.SOCKS, "proxy")));
        assertEquals(Optional.empty(), ProxyFinder.find("https://h", ProxySelector.of(null)));
        for (var notAServer : List.of("", "not a url", "/path", "mailto:x")) {
            assertEquals(
                    Optional.empty(), ProxyFinder.find(notAServer, answering(Proxy.Type.HTTP, "proxy")), notAServer);
        }
        assertTrue(ProxyFinder.find("https://h", null).isEmpty());
    }

    private static ProxySelector answering(Proxy.Type type, String host) {
        return new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                return List.of(new Proxy(type, InetSocketAddress.createUnresolved(host, 3128)), Proxy.NO_PROXY);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
        };
    }
}

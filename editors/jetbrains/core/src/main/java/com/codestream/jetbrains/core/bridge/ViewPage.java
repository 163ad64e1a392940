package com.codestream.jetbrains.core.bridge;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The web view's files, as an embedded browser asks for them: from the plugin's own archive, at an origin that no network
 * has. Knows the files' types and the policy that they run under, and nothing of what they do.
 */
public final class ViewPage {
    /** Where the page is. RFC 6761 6.4: {@code .invalid} is never resolved, so nothing leaves the IDE even if nobody intercepts. */
    public static final String ORIGIN = "https://codestream.invalid";

    /** The page. */
    public static final String URL = ORIGIN + "/index.html";

    /** Nothing but the page's own files, and no way out. */
    static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "woff2", "font/woff2");

    private final ClassLoader loader;
    private final String root;

    /** The page among the resources of the plugin. */
    public ViewPage() {
        this(ViewPage.class.getClassLoader(), "codestream-webview");
    }

    ViewPage(ClassLoader loader, String root) {
        this.loader = loader;
        this.root = root;
    }

    /**
     * A file of the page.
     *
     * @param bytes its content
     * @param type its media type, with its character set
     */
    public record File(byte[] bytes, String type) {
        /** What an answer carries beside them. */
        public Map<String, String> headers() {
            return Map.of(
                    "Content-Type",
                    type,
                    "Content-Security-Policy",
                    POLICY,
                    "X-Content-Type-Options",
                    "nosniff",
                    "Cache-Control",
                    "no-store");
        }
    }

    /** The script that gives a page its host: {@code post} is a statement that posts the variable {@code text}. */
    public static String install(String post) {
        return "window.codestreamHost={post:function(text){" + post
                + "}};window.dispatchEvent(new Event(\"codestream-host\"));";
    }

    /** Whether a URL is the page's own; every other one belongs into the system browser. */
    public static boolean owns(String url) {
        return url.equals(ORIGIN) || url.startsWith(ORIGIN + "/");
    }

    /** The file at a URL of the page; empty when there is none. */
    public Optional<File> find(String url) throws IOException {
        if (!owns(url)) {
            return Optional.empty();
        }
        var path = URI.create(url.replaceAll("[?#].*", "")).normalize().getPath();
        var dot = path.lastIndexOf('.');
        var type = dot < 0 ? null : TYPES.get(path.substring(dot + 1).toLowerCase(Locale.ROOT));
        if (type == null || path.contains("..")) {
            return Optional.empty();
        }
        try (InputStream file = loader.getResourceAsStream(root + path)) {
            return file == null ? Optional.empty() : Optional.of(new File(file.readAllBytes(), type));
        }
    }
}

package com.codestream.jetbrains.core.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ViewPageTest {
    private final ViewPage page = new ViewPage();

    @Test
    void the_page_and_what_it_names_are_there() throws IOException {
        var html = page.find(ViewPage.URL).orElseThrow();
        assertEquals("text/html; charset=utf-8", html.type());
        assertTrue(html.headers().get("Content-Security-Policy").startsWith("default-src 'none'"));
        assertTrue(new String(html.bytes(), StandardCharsets.UTF_8).contains("assets/view.js"));
        assertEquals(
                "text/javascript; charset=utf-8",
                page.find(ViewPage.ORIGIN + "/assets/view.js").orElseThrow().type());
        assertEquals(
                "text/css; charset=utf-8",
                page.find(ViewPage.ORIGIN + "/assets/view.css?x#y")
                        .orElseThrow()
                        .type());
    }

    @Test
    void nothing_else_is() throws IOException {
        for (var url : new String[] {
            "https://codestream.invalid.example.com/index.html",
            "http://codestream.invalid/index.html",
            "https://example.com/index.html",
            ViewPage.ORIGIN,
            ViewPage.ORIGIN + "/",
            ViewPage.ORIGIN + "/none.html",
            ViewPage.ORIGIN + "/../com/codestream/jetbrains/core/CodeStream.class",
            ViewPage.ORIGIN + "/%2e%2e/logging.js",
            ViewPage.ORIGIN + "/assets",
        }) {
            assertTrue(page.find(url).isEmpty(), url);
        }
        // A page further down, so that there is something above it.
        var below = new ViewPage(ViewPage.class.getClassLoader(), "codestream-webview/assets");
        assertTrue(below.find(ViewPage.ORIGIN + "/view.js").isPresent());
        assertTrue(below.find(ViewPage.ORIGIN + "/%2e%2e/index.html").isEmpty());
        assertTrue(ViewPage.owns(ViewPage.URL));
        assertFalse(ViewPage.owns("https://codestream.invalid.example.com/"));
    }
}

package com.codestream.jetbrains.core.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.FormElement;

/** The user in the system browser: keeps cookies, follows redirects, presses the buttons of the third party's pages. */
public final class TestBrowser {
    private final HttpClient http = HttpClient.newBuilder()
            .cookieHandler(new Cookies())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();

    /** Opens a link, signs in as the first person, approves; the last page's text. */
    public String approve(String url) {
        return decide(url, "approve");
    }

    /** As {@link #approve}, as somebody else: the third party must not know anybody here yet. */
    public String approveAs(String url, String person) {
        return decide(url, "approve", "[value=" + person + "]");
    }

    /** As {@link #approve}, but declines. */
    public String deny(String url) {
        return decide(url, "deny");
    }

    private String decide(String url, String decision) {
        return decide(url, decision, "");
    }

    private String decide(String url, String decision, String person) {
        var page = load(HttpRequest.newBuilder(URI.create(url)).build());
        // A sign-in page and perhaps a choice of accounts stand before the consent page.
        for (var pages = 0; pages < 4; pages++) {
            var button = button(page, decision);
            if (button != null) {
                return submit(page, button).text();
            }
            var first = page.selectFirst("form button" + person + ", form input[type=submit]" + person);
            if (first == null) {
                return page.text();
            }
            page = submit(page, first);
        }
        throw new AssertionError("no button “" + decision + "” on " + page.location() + ":\n" + page.text());
    }

    private static Element button(Document page, String choice) {
        return page.select("form button, form input[type=submit]").stream()
                .filter(one -> one.val().equals(choice)
                        || one.text().toLowerCase(Locale.ROOT).contains(choice))
                .findFirst()
                .orElse(null);
    }

    private Document submit(Document page, Element button) {
        var form = (FormElement) button.closest("form");
        List<String> fields = new ArrayList<>();
        form.formData().forEach(field -> fields.add(encoded(field.key()) + "=" + encoded(field.value())));
        if (button.hasAttr("name")) {
            fields.add(encoded(button.attr("name")) + "=" + encoded(button.val()));
        }
        var action = form.hasAttr("action") ? form.absUrl("action") : page.location();
        var body = String.join("&", fields);
        if (form.attr("method").equalsIgnoreCase("post")) {
            return load(HttpRequest.newBuilder(URI.create(action))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .header("Origin", origin(page.location()))
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build());
        }
        return load(HttpRequest.newBuilder(URI.create(action.replaceAll("[?#].*", "") + "?" + body))
                .build());
    }

    private Document load(HttpRequest request) {
        try {
            var answer = http.send(request, BodyHandlers.ofString());
            return Jsoup.parse(answer.body(), answer.uri().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Cookies as browsers keep them. The JDK reads one with {@code Max-Age} by RFC 2965 and sends it back in quotes. */
    private static final class Cookies extends CookieManager {
        Cookies() {
            super(null, CookiePolicy.ACCEPT_ALL);
        }

        @Override
        public void put(URI uri, Map<String, List<String>> headers) {
            headers.forEach((name, values) -> {
                if ("set-cookie".equalsIgnoreCase(name)) {
                    values.stream()
                            .flatMap(value -> HttpCookie.parse(value).stream())
                            .forEach(cookie -> {
                                cookie.setVersion(0);
                                getCookieStore().add(uri, cookie);
                            });
                }
            });
        }
    }

    private static String origin(String url) {
        var uri = URI.create(url);
        return uri.getScheme() + "://" + uri.getAuthority();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}

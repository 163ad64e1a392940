package com.codestream.jetbrains.core.harness;

import com.codestream.jetbrains.core.bridge.ViewPage;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.bidi.module.Script;
import org.openqa.selenium.bidi.script.ChannelValue;
import org.openqa.selenium.bidi.script.EvaluateResult;
import org.openqa.selenium.bidi.script.EvaluateResultExceptionValue;
import org.openqa.selenium.bidi.script.LocalValue;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/**
 * The real web view in the browser engine that IDEs embed: its files as the plugin hands them out, a function of the host
 * injected as JCEF injects it, and scripts run in the page from outside.
 */
public final class Chromium implements AutoCloseable {
    private final HttpServer server;
    private final ChromeDriver driver;
    private final Script script;
    private final String window;
    private volatile Consumer<String> posted = text -> {};

    public Chromium() {
        server = serve();
        var options = new ChromeOptions();
        options.setBinary(executable("CHROMIUM", "/usr/bin/chromium"));
        options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=420,900");
        options.setCapability("webSocketUrl", true);
        var service = new ChromeDriverService.Builder()
                .usingDriverExecutable(new File(executable("CHROMEDRIVER", "/usr/bin/chromedriver")))
                .build();
        driver = new ChromeDriver(service, options);
        window = driver.getWindowHandle();
        script = new Script(driver);
        // In an IDE this function is JBCefJSQuery's; it is there before the page, the host's own object is not.
        script.addPreloadScript("(post) => { window.testPost = post; }", List.of(new ChannelValue("host")));
        script.onMessage(message -> message.getData().getValue().ifPresent(text -> posted.accept((String) text)));
    }

    private static String executable(String variable, String usual) {
        return Optional.ofNullable(System.getenv(variable)).orElse(usual);
    }

    private static HttpServer serve() {
        try {
            var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            var page = new ViewPage();
            server.createContext("/", exchange -> answer(exchange, page));
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answer(HttpExchange exchange, ViewPage page) throws IOException {
        try (exchange) {
            var file = page.find(ViewPage.ORIGIN + exchange.getRequestURI());
            if (file.isEmpty()) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            file.get().headers().forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(200, file.get().bytes().length);
            exchange.getResponseBody().write(file.get().bytes());
        }
    }

    /** Loads the page, and then gives it its host, as an IDE does once the page is loaded. */
    public void load(TestIde ide) {
        posted = ide.codeStream::received;
        ide.codeStream.pageStarted();
        driver.get("http://127.0.0.1:" + server.getAddress().getPort() + "/index.html");
        run(ViewPage.install("window.testPost(text);"));
    }

    /** Runs a script in the page, from any thread. */
    public void run(String text) {
        call("() => { " + text + "; }");
    }

    /** Waits until a part of the page shows some words. The page tells it: nobody asks twice. */
    public void shows(String css, String words) {
        var quoted = new com.google.gson.JsonPrimitive(words) + "";
        var selector = new com.google.gson.JsonPrimitive(css) + "";
        call(
                "() => new Promise((resolve, reject) => {"
                        + "const shown = () => [...document.querySelectorAll(" + selector
                        + ")].some((one) => one.innerText.includes(" + quoted + "));"
                        + "if (shown()) { resolve(); return; }"
                        + "const end = setTimeout(() => { reject(new Error(" + quoted
                        + " + ' is not in: ' + document.body.innerText)); }, 20000);"
                        + "new MutationObserver((changes, observer) => {"
                        + "if (shown()) { observer.disconnect(); clearTimeout(end); resolve(); } })"
                        + ".observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true }); })");
    }

    /** Presses a button. */
    public void press(String css) {
        find(css).click();
    }

    /** The words of the page. */
    public String text() {
        return find("body").getText();
    }

    /** An attribute of the page's root. */
    public String root(String attribute) {
        return find("html").getDomAttribute(attribute);
    }

    /** The computed value of a CSS custom property. */
    public String variable(String name) {
        return (String) driver.executeScript(
                "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", name);
    }

    /** Leaves a picture of the page with those of the other editors. */
    public void picture(String name) {
        try {
            var file = java.nio.file.Path.of("../../../target/screenshots/jetbrains", name + ".png");
            java.nio.file.Files.createDirectories(file.getParent());
            java.nio.file.Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private WebElement find(String css) {
        return driver.findElement(By.cssSelector(css));
    }

    private void call(String function) {
        EvaluateResult result = script.callFunctionInBrowsingContext(
                window, function, true, Optional.<List<LocalValue>>empty(), Optional.empty(), Optional.empty());
        if (result instanceof EvaluateResultExceptionValue thrown) {
            throw new AssertionError(thrown.getExceptionDetails().getText());
        }
    }

    @Override
    public void close() {
        driver.quit();
        server.stop(0);
    }
}

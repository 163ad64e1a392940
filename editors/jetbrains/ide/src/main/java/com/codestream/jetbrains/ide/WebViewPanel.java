package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.CodeStream;
import com.codestream.jetbrains.core.bridge.ViewPage;
import com.intellij.ide.ui.LafManagerListener;
import com.intellij.openapi.Disposable;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.util.Disposer;
import com.intellij.ui.jcef.JBCefBrowser;
import com.intellij.ui.jcef.JBCefBrowserBase;
import com.intellij.ui.jcef.JBCefJSQuery;
import javax.swing.JComponent;
import org.cef.browser.CefBrowser;
import org.cef.browser.CefFrame;
import org.cef.handler.CefLoadHandlerAdapter;
import org.cef.network.CefRequest.TransitionType;

/** The web view in the embedded browser: gives the page its host, runs scripts in it, tells it the theme. */
final class WebViewPanel implements Disposable {
    private final JBCefBrowser browser;

    WebViewPanel(CodeStream codeStream) {
        browser = JBCefBrowser.createBuilder().build();
        Disposer.register(this, browser);
        // Queries must exist before the native browser does, which is made when the component is first shown.
        var query = JBCefJSQuery.create((JBCefBrowserBase) browser);
        Disposer.register(this, query);
        query.addHandler(text -> {
            codeStream.received(text);
            return null;
        });
        var client = browser.getJBCefClient();
        var cef = browser.getCefBrowser();
        client.addLoadHandler(new Loads(codeStream, ViewPage.install(query.inject("text"))), cef);
        client.addRequestHandler(new ViewRequests(), cef);
        client.addLifeSpanHandler(new Popups(), cef);
        codeStream.theme(IdeTheme.current());
        ApplicationManager.getApplication()
                .getMessageBus()
                .connect(this)
                .subscribe(LafManagerListener.TOPIC, source -> codeStream.theme(IdeTheme.current()));
        browser.loadURL(ViewPage.URL);
    }

    JComponent component() {
        return browser.getComponent();
    }

    void run(String script) {
        browser.getCefBrowser().executeJavaScript(script, ViewPage.URL, 0);
    }

    @Override
    public void dispose() {
        // Browser and query are registered below this panel and go with it.
    }

    /** Each page that is loaded gets a host, and each one that begins to load ends the one before. */
    private static final class Loads extends CefLoadHandlerAdapter {
        private final CodeStream codeStream;
        private final String install;

        Loads(CodeStream codeStream, String install) {
            this.codeStream = codeStream;
            this.install = install;
        }

        @Override
        public void onLoadStart(CefBrowser browser, CefFrame frame, TransitionType type) {
            if (frame.isMain()) {
                codeStream.pageStarted();
            }
        }

        @Override
        public void onLoadEnd(CefBrowser browser, CefFrame frame, int status) {
            if (frame.isMain() && ViewPage.owns(frame.getURL())) {
                browser.executeJavaScript(install, ViewPage.URL, 0);
            }
        }
    }
}

package com.intellij.ui.jcef;

import org.cef.browser.CefBrowser;
import org.cef.handler.CefLifeSpanHandler;
import org.cef.handler.CefLoadHandler;
import org.cef.handler.CefRequestHandler;

public final class JBCefClient {
    private JBCefClient() {}

    public JBCefClient addLoadHandler(CefLoadHandler handler, CefBrowser browser) {
        throw new UnsupportedOperationException();
    }

    public JBCefClient addRequestHandler(CefRequestHandler handler, CefBrowser browser) {
        throw new UnsupportedOperationException();
    }

    public JBCefClient addLifeSpanHandler(CefLifeSpanHandler handler, CefBrowser browser) {
        throw new UnsupportedOperationException();
    }
}

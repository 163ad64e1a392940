package com.intellij.ui.jcef;

import javax.swing.JComponent;
import org.cef.browser.CefBrowser;

public abstract class JBCefBrowserBase implements JBCefDisposable {
    public CefBrowser getCefBrowser() {
        throw new UnsupportedOperationException();
    }

    public final JBCefClient getJBCefClient() {
        throw new UnsupportedOperationException();
    }

    public abstract JComponent getComponent();

    public final void loadURL(String url) {
        throw new UnsupportedOperationException();
    }
}

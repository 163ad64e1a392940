package com.intellij.ui.jcef;

public class JBCefBrowserBuilder {
    public JBCefBrowser build() {
        throw new UnsupportedOperationException();
    }
}

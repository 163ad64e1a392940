package com.intellij.ui.jcef;

public final class JBCefApp {
    private JBCefApp() {}

    public static boolean isSupported() {
        throw new UnsupportedOperationException();
    }
}

package com.intellij.ui.jcef;

import javax.swing.JComponent;

public class JBCefBrowser extends JBCefBrowserBase {
    protected JBCefBrowser() {
        throw new UnsupportedOperationException();
    }

    public static JBCefBrowserBuilder createBuilder() {
        throw new UnsupportedOperationException();
    }

    @Override
    public JComponent getComponent() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void dispose() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isDisposed() {
        throw new UnsupportedOperationException();
    }
}

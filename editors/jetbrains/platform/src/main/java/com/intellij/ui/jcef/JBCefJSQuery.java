package com.intellij.ui.jcef;

import java.util.function.Function;

public final class JBCefJSQuery implements JBCefDisposable {
    private JBCefJSQuery() {}

    public static JBCefJSQuery create(JBCefBrowserBase browser) {
        throw new UnsupportedOperationException();
    }

    public void addHandler(Function<? super String, ? extends Response> handler) {
        throw new UnsupportedOperationException();
    }

    public String inject(String queryResult) {
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

    public static class Response {
        public Response(String response) {
            throw new UnsupportedOperationException();
        }
    }
}

package com.intellij.openapi.diagnostic;

public abstract class Logger {
    public static Logger getInstance(Class<?> cl) {
        throw new UnsupportedOperationException();
    }

    public abstract void info(String message);

    public abstract void error(String message, Throwable t, String... details);

    public void warn(String message) {
        throw new UnsupportedOperationException();
    }
}

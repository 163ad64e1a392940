package com.intellij.openapi.application;

public abstract class ApplicationInfo {
    public static ApplicationInfo getInstance() {
        throw new UnsupportedOperationException();
    }

    public abstract String getFullVersion();
}

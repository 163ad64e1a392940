package com.intellij.openapi.application;

public final class ApplicationNamesInfo {
    private ApplicationNamesInfo() {}

    public static ApplicationNamesInfo getInstance() {
        throw new UnsupportedOperationException();
    }

    public String getFullProductName() {
        throw new UnsupportedOperationException();
    }
}

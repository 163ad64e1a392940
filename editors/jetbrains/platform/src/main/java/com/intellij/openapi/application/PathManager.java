package com.intellij.openapi.application;

public final class PathManager {
    private PathManager() {}

    public static String getLogPath() {
        throw new UnsupportedOperationException();
    }
}

package com.intellij.openapi.extensions;

public final class PluginId {
    private PluginId() {}

    public static PluginId getId(String idString) {
        throw new UnsupportedOperationException();
    }
}

package com.intellij.openapi.ide;

public abstract class CopyPasteManager {
    public static void copyTextToClipboard(String text) {
        throw new UnsupportedOperationException();
    }
}

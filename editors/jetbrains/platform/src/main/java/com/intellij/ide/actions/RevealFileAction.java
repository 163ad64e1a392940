package com.intellij.ide.actions;

import java.io.File;

public class RevealFileAction {
    public static void openFile(File file) {
        throw new UnsupportedOperationException();
    }
}

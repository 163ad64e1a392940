package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Windows;
import com.intellij.openapi.application.ApplicationManager;

/** The windows of this IDE process, as an application service. */
public final class CodeStreamWindows {
    private final Windows windows = new Windows();

    static CodeStreamWindows getInstance() {
        return ApplicationManager.getApplication().getService(CodeStreamWindows.class);
    }

    Windows windows() {
        return windows;
    }
}

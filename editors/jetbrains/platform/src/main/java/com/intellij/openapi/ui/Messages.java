package com.intellij.openapi.ui;

import com.intellij.openapi.project.Project;
import javax.swing.Icon;

public class Messages {
    public static final int OK = 0;

    public static int showOkCancelDialog(
            Project project, String message, String title, String okText, String cancelText, Icon icon) {
        throw new UnsupportedOperationException();
    }

    public static String showInputDialog(Project project, String message, String title, Icon icon) {
        throw new UnsupportedOperationException();
    }

    public static String showPasswordDialog(Project project, String message, String title, Icon icon) {
        throw new UnsupportedOperationException();
    }
}

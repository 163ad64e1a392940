package com.codestream.jetbrains.ide;

import com.intellij.openapi.project.DumbAware;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.wm.ToolWindow;
import com.intellij.openapi.wm.ToolWindowFactory;
import com.intellij.ui.content.ContentFactory;
import com.intellij.ui.jcef.JBCefApp;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.SwingConstants;

/** The tool window. Nothing of CodeStream runs before it is first opened. */
public final class CodeStreamToolWindow implements ToolWindowFactory, DumbAware {
    @Override
    public void createToolWindowContent(Project project, ToolWindow toolWindow) {
        var contents = ContentFactory.getInstance();
        if (!JBCefApp.isSupported()) {
            toolWindow.getContentManager().addContent(contents.createContent(withoutBrowser(), "", false));
            return;
        }
        var panel = CodeStreamProject.of(project).open();
        var content = contents.createContent(panel.component(), "", false);
        content.setPreferredFocusableComponent(panel.component());
        content.setDisposer(panel);
        toolWindow.getContentManager().addContent(content);
    }

    private static JComponent withoutBrowser() {
        var words = "<html>This IDE runs on a Java runtime without an embedded browser (JCEF).<br>"
                + "Choose one that has it with <b>Find Action | Choose Boot Java Runtime for the IDE</b>, and restart.</html>";
        return new JLabel(words, SwingConstants.CENTER);
    }
}

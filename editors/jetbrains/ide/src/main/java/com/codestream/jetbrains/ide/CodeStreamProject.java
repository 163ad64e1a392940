package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.CodeStream;
import com.codestream.jetbrains.core.CodeStream.Surroundings;
import com.intellij.openapi.Disposable;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.util.Disposer;

/** One project window's CodeStream: made when the tool window is first opened, ended with the project. */
public final class CodeStreamProject implements Disposable {
    private final IdeHost host;
    private final CodeStream codeStream;

    public CodeStreamProject(Project project) {
        var settings = CodeStreamSettings.getInstance();
        host = new IdeHost(project, settings);
        codeStream = new CodeStream(
                host,
                Plugin.product(),
                settings::current,
                Surroundings.of(Plugin.folder().resolve("agent")),
                CodeStreamWindows.getInstance().windows());
    }

    static CodeStreamProject of(Project project) {
        return project.getService(CodeStreamProject.class);
    }

    /** Starts the agent and shows the web view. */
    WebViewPanel open() {
        codeStream.start();
        var panel = new WebViewPanel(codeStream);
        host.show(panel);
        Disposer.register(panel, () -> {
            codeStream.pageStarted();
            host.hide(panel);
        });
        return panel;
    }

    /** Does not wait: an agent that does not hear of the end sees its input close with the IDE. */
    @Override
    public void dispose() {
        codeStream.stop();
    }
}

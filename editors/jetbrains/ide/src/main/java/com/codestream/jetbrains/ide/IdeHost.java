package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.Secret;
import com.intellij.ide.BrowserUtil;
import com.intellij.ide.actions.RevealFileAction;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.application.PathManager;
import com.intellij.openapi.diagnostic.Logger;
import com.intellij.openapi.ide.CopyPasteManager;
import com.intellij.openapi.options.ShowSettingsUtil;
import com.intellij.openapi.project.Project;
import com.intellij.openapi.ui.Messages;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The IDE as core's port. Each method is one call of the platform; what touches the UI goes to its thread first. */
final class IdeHost implements Host {
    private static final Logger LOG = Logger.getInstance(IdeHost.class);

    private final Project project;
    private final CodeStreamSettings settings;
    private final SessionStore sessions;
    private final Notices notices;
    private volatile WebViewPanel panel;

    IdeHost(Project project, CodeStreamSettings settings) {
        this.project = project;
        this.settings = settings;
        this.sessions = new SessionStore(settings);
        this.notices = new Notices(project);
    }

    void show(WebViewPanel panel) {
        this.panel = panel;
    }

    void hide(WebViewPanel closed) {
        if (panel == closed) {
            panel = null;
        }
    }

    /** The text goes to the browser as it is: a {@code URI} made of it would print another one. */
    @Override
    public boolean browse(String url) {
        BrowserUtil.browse(url);
        return true;
    }

    @Override
    public void toWeb(String script) {
        var shown = panel;
        if (shown != null) {
            shown.run(script);
        }
    }

    @Override
    public void log(Level level, String line) {
        if (level == Level.INFO) {
            LOG.info(line);
        } else {
            // An error would ask the user to report this plugin; what is logged here is not its fault.
            LOG.warn(line);
        }
    }

    @Override
    public void notify(Level level, String message) {
        notices.show(level, message);
    }

    @Override
    public CompletableFuture<Optional<String>> choose(Level level, String message, List<String> answers) {
        return notices.ask(level, message, answers);
    }

    @Override
    public CompletableFuture<Boolean> confirm(String title, String message, String yes) {
        var answer = new CompletableFuture<Boolean>();
        later(() -> answer.complete(
                Messages.showOkCancelDialog(project, asText(message), title, yes, "Cancel", null) == Messages.OK));
        return answer;
    }

    /** A message that begins like a page would be shown as one; here it is text, whoever worded it. */
    private static String asText(String message) {
        return "<html>" + Notices.asText(message) + "</html>";
    }

    @Override
    public boolean viewShown() {
        var shown = panel;
        return shown != null && shown.component().isShowing();
    }

    @Override
    public CompletableFuture<Optional<String>> ask(String title, String message) {
        return onUi(() -> Messages.showInputDialog(project, message, title, null));
    }

    @Override
    public CompletableFuture<Optional<Secret>> askPassword(String title, String message) {
        return onUi(() -> Messages.showPasswordDialog(project, message, title, null))
                .thenApply(answer -> answer.map(Secret::new));
    }

    @Override
    public void copy(String text) {
        later(() -> CopyPasteManager.copyTextToClipboard(text));
    }

    @Override
    public void openSettings() {
        later(() -> ShowSettingsUtil.getInstance().showSettingsDialog(project, CodeStreamConfigurable.class));
    }

    @Override
    public void showLog() {
        later(() -> RevealFileAction.openFile(new File(PathManager.getLogPath(), "idea.log")));
    }

    @Override
    public Optional<Account> account(String serverUrl) {
        return settings.account(serverUrl);
    }

    @Override
    public Optional<Secret> secret(Account account) {
        return sessions.secret(account);
    }

    @Override
    public void keep(Account account, Secret token) {
        sessions.keep(account, token);
    }

    @Override
    public void forget(Account account) {
        sessions.forget(account);
    }

    private static void later(Runnable work) {
        ApplicationManager.getApplication().invokeLater(work);
    }

    /** What a box answers; {@code null} is a closed one. */
    private static CompletableFuture<Optional<String>> onUi(Supplier<String> box) {
        var answer = new CompletableFuture<Optional<String>>();
        later(() -> answer.complete(Optional.ofNullable(box.get())));
        return answer;
    }
}

package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Host.Level;
import com.intellij.notification.Notification;
import com.intellij.notification.NotificationAction;
import com.intellij.notification.NotificationGroupManager;
import com.intellij.notification.NotificationType;
import com.intellij.openapi.project.Project;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Balloons of the group that plugin.xml registers. */
final class Notices {
    private static final String GROUP = "CodeStream";

    private final Project project;

    Notices(Project project) {
        this.project = project;
    }

    void show(Level level, String message) {
        make(level, message).notify(project);
    }

    /** The answer that was pressed; empty when the balloon went away without one. */
    CompletableFuture<Optional<String>> ask(Level level, String message, List<String> answers) {
        var answer = new CompletableFuture<Optional<String>>();
        var notice = make(level, message);
        for (var text : answers) {
            notice.addAction(NotificationAction.createSimpleExpiring(text, () -> answer.complete(Optional.of(text))));
        }
        notice.whenExpired(() -> answer.complete(Optional.empty()));
        notice.notify(project);
        return answer;
    }

    private static Notification make(Level level, String message) {
        var type =
                switch (level) {
                    case INFO -> NotificationType.INFORMATION;
                    case WARNING -> NotificationType.WARNING;
                    case ERROR -> NotificationType.ERROR;
                };
        return NotificationGroupManager.getInstance()
                .getNotificationGroup(GROUP)
                .createNotification(asText(message), type);
    }

    /** Balloons take HTML; what is shown here is text, also when a server wrote it. */
    static String asText(String message) {
        return message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}

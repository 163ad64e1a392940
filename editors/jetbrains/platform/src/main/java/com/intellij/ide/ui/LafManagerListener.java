package com.intellij.ide.ui;

import com.intellij.util.messages.Topic;

public interface LafManagerListener {
    Topic<LafManagerListener> TOPIC = new Topic<>(LafManagerListener.class);

    void lookAndFeelChanged(LafManager source);
}

package com.intellij.util.messages;

public class Topic<L> {
    public Topic(Class<L> listenerClass) {
        throw new UnsupportedOperationException();
    }
}

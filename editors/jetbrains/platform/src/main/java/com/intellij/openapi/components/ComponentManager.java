package com.intellij.openapi.components;

import com.intellij.util.messages.MessageBus;

public interface ComponentManager {
    <T> T getService(Class<T> serviceClass);

    MessageBus getMessageBus();

    boolean isDisposed();
}

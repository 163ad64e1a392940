package com.intellij.ide.passwordSafe;

public abstract class PasswordSafe implements PasswordStorage {
    public static PasswordSafe getInstance() {
        throw new UnsupportedOperationException();
    }
}

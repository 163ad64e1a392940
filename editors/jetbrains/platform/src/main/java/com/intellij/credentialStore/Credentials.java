package com.intellij.credentialStore;

public final class Credentials {
    public Credentials(String user, String password) {
        throw new UnsupportedOperationException();
    }
}

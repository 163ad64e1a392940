package com.intellij.credentialStore;

public interface CredentialStore {
    Credentials get(CredentialAttributes attributes);

    default String getPassword(CredentialAttributes attributes) {
        throw new UnsupportedOperationException();
    }

    void set(CredentialAttributes attributes, Credentials credentials);
}

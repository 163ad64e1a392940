package com.intellij.credentialStore;

public final class CredentialAttributesKt {
    private CredentialAttributesKt() {}

    public static String generateServiceName(String subsystem, String key) {
        throw new UnsupportedOperationException();
    }
}

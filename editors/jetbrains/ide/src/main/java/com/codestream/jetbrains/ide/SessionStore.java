package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Secret;
import com.intellij.credentialStore.CredentialAttributes;
import com.intellij.credentialStore.CredentialAttributesKt;
import com.intellij.credentialStore.Credentials;
import com.intellij.ide.passwordSafe.PasswordSafe;
import java.util.Optional;

/** Sessions in the IDE's password safe: the service is the server and the team, the user is the e-mail address. */
final class SessionStore {
    private final CodeStreamSettings settings;

    SessionStore(CodeStreamSettings settings) {
        this.settings = settings;
    }

    Optional<Secret> secret(Account account) {
        return Optional.ofNullable(PasswordSafe.getInstance().getPassword(attributes(account)))
                .map(Secret::new);
    }

    void keep(Account account, Secret token) {
        PasswordSafe.getInstance().set(attributes(account), new Credentials(account.email(), token.expose()));
        settings.remember(account);
    }

    void forget(Account account) {
        PasswordSafe.getInstance().set(attributes(account), null);
        settings.forget(account);
    }

    private static CredentialAttributes attributes(Account account) {
        var service = CredentialAttributesKt.generateServiceName("CodeStream", account.service());
        return new CredentialAttributes(service, account.email());
    }
}

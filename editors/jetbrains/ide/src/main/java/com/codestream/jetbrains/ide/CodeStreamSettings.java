package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Settings;
import com.intellij.openapi.application.ApplicationManager;
import com.intellij.openapi.components.PersistentStateComponent;
import com.intellij.openapi.components.State;
import com.intellij.openapi.components.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The settings of all projects, and whose sessions are kept. The sessions' tokens are in the password safe. */
@State(name = "CodeStream", storages = @Storage("codestream.xml"))
public final class CodeStreamSettings implements PersistentStateComponent<CodeStreamSettings.Values> {
    /** As the IDE writes it to disk: public fields with defaults. */
    public static final class Values {
        public String serverUrl = "";
        public String teamId = "";
        public String agentPath = "";
        public String extraCerts = "";
        public boolean disableStrictSsl;
        public String traceLevel = "info";
        public List<Kept> accounts = new ArrayList<>();
    }

    /** An {@link Account} as the IDE writes it. */
    public static final class Kept {
        public String serverUrl = "";
        public String teamId = "";
        public String email = "";

        Account account() {
            return new Account(serverUrl, teamId, email);
        }
    }

    private Values values = new Values();

    static CodeStreamSettings getInstance() {
        return ApplicationManager.getApplication().getService(CodeStreamSettings.class);
    }

    @Override
    public synchronized Values getState() {
        return values;
    }

    @Override
    public synchronized void loadState(Values state) {
        values = state;
    }

    synchronized Settings current() {
        return new Settings(
                values.serverUrl,
                values.teamId,
                values.agentPath,
                values.extraCerts,
                values.disableStrictSsl,
                values.traceLevel);
    }

    synchronized void change(Settings to) {
        values.serverUrl = to.serverUrl();
        values.teamId = to.teamId();
        values.agentPath = to.agentPath();
        values.extraCerts = to.extraCerts();
        values.disableStrictSsl = to.disableStrictSsl();
        values.traceLevel = to.traceLevel();
    }

    synchronized Optional<Account> account(String serverUrl) {
        return values.accounts.stream()
                .map(Kept::account)
                .filter(account -> account.serverUrl().equals(Account.server(serverUrl)))
                .findFirst();
    }

    synchronized void remember(Account account) {
        values.accounts.removeIf(kept -> kept.account().serverUrl().equals(account.serverUrl()));
        var kept = new Kept();
        kept.serverUrl = account.serverUrl();
        kept.teamId = account.teamId();
        kept.email = account.email();
        values.accounts.add(kept);
    }

    synchronized void forget(Account account) {
        values.accounts.removeIf(kept -> kept.account().equals(account));
    }
}

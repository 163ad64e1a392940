package com.codestream.jetbrains.core;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The IDE, as far as the plugin needs it: everything that cannot be done without an IDE's class, and nothing else.
 *
 * <p>Methods are called from threads of the plugin's own, never from the IDE's UI thread; an implementation goes there itself.
 * {@link #account}, {@link #secret}, {@link #keep} and {@link #forget} may block, even on a person who unlocks a key store.
 */
public interface Host {
    /** How loud a message is. */
    enum Level {
        INFO,
        WARNING,
        ERROR
    }

    /**
     * Opens a link where the user is. The link is handed over as the text that it is: parsing it and printing it again
     * loses escapes and breaks OAuth queries.
     *
     * @return whether it was handed over
     */
    boolean browse(String url);

    /** Runs a script in the web view's page. It is ASCII. */
    void toWeb(String script);

    /** Writes one line to the log. */
    void log(Level level, String line);

    /** Tells the user something. */
    void notify(Level level, String message);

    /** Tells the user something that has answers; empty when it was closed without one. */
    CompletableFuture<Optional<String>> choose(Level level, String message, List<String> answers);

    /** Asks in a box that must be answered, with a button for yes and one to cancel. */
    CompletableFuture<Boolean> confirm(String title, String message, String yes);

    /** Whether a person can see the web view. */
    boolean viewShown();

    /** Asks for a line of text; empty when the box was closed. */
    CompletableFuture<Optional<String>> ask(String title, String message);

    /** Asks for a secret in the IDE's own password box; empty when the box was closed. */
    CompletableFuture<Optional<Secret>> askPassword(String title, String message);

    /** To the clipboard. */
    void copy(String text);

    void openSettings();

    void showLog();

    /** Whose session is kept for a server. */
    Optional<Account> account(String serverUrl);

    /** A kept session's token. */
    Optional<Secret> secret(Account account);

    /** Keeps a session: the account in the settings, the token in the secret store. */
    void keep(Account account, Secret token);

    /** Forgets a session and its token. */
    void forget(Account account);
}

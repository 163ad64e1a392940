package com.codestream.jetbrains.core;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * The windows of one IDE process. Each has an agent of its own; what one learns through the server all learn. Only the first
 * sign-in does not pass through a session that the others have: it is told here.
 */
public final class Windows {
    private final Set<CodeStream> open = new CopyOnWriteArraySet<>();

    /** Accounts that a person was told to reconnect. */
    private final Set<String> lost = ConcurrentHashMap.newKeySet();

    void opened(CodeStream window) {
        open.add(window);
    }

    void closed(CodeStream window) {
        open.remove(window);
    }

    /** A session was kept: windows without one take it up. */
    void signedIn(CodeStream where) {
        open.stream().filter(window -> window != where).forEach(CodeStream::takeUpSession);
    }

    /** Whether this window is the one that tells of a lost account: all of them hear of it, and one word is enough. */
    boolean tellsOf(String account) {
        return lost.add(account);
    }

    /** Accounts work, so that their next loss is news. */
    void work(Set<String> accounts) {
        lost.removeAll(accounts);
    }

    /** Settings have changed. */
    public void settingsChanged() {
        open.forEach(CodeStream::settingsChanged);
    }
}

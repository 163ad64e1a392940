package com.codestream.jetbrains.core;

import java.util.concurrent.ThreadFactory;

/** Threads that never keep an IDE from closing. */
public final class Threads {
    private Threads() {}

    /** Daemon threads of one name. */
    public static ThreadFactory daemons(String name) {
        return work -> {
            var thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}

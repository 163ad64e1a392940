package com.codestream.jetbrains.core.harness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What has arrived and was not asked for yet. Waits for what is to come, without polling. */
public final class Inbox<T> {
    /** How long one thing may take; ample, because it is only reached when a test fails. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final String name;
    private final List<T> here = new ArrayList<>();
    private final List<T> all = new ArrayList<>();

    public Inbox(String name) {
        this.name = name;
    }

    public synchronized void add(T item) {
        here.add(item);
        all.add(item);
        notifyAll();
    }

    /** The next one. */
    public T next() {
        return await("anything", item -> true);
    }

    /** The first one that fits, taken out; what does not fit stays. */
    public synchronized T await(String what, Predicate<T> fits) {
        var end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            for (var i = 0; i < here.size(); i++) {
                if (fits.test(here.get(i))) {
                    return here.remove(i);
                }
            }
            var left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("no " + what + " among " + name + ":\n"
                        + String.join("\n", all.stream().map(String::valueOf).toList()));
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Forgets what has arrived so far. */
    public synchronized void clear() {
        here.clear();
    }

    /** Everything that ever arrived. */
    public synchronized List<T> all() {
        return List.copyOf(all);
    }
}

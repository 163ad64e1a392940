package com.codestream.jetbrains.core.agent;

import java.time.Duration;
import java.util.Optional;

/**
 * When an agent that ended is started again: at once the first time, then after doubling pauses up to a cap, and not at all
 * once it has ended too often in a row. A run that lasted forgives what was before. Not thread-safe: it has one owner.
 */
public final class BackOff {
    /**
     * The figures.
     *
     * @param first the second restart's pause
     * @param cap the longest pause
     * @param most restarts in a row before giving up
     * @param lasting how long a run is to count as a good one
     */
    public record Policy(Duration first, Duration cap, int most, Duration lasting) {
        /** 0, 0.5, 1, 2, 4, 8 s; a minute is a good run. */
        public static final Policy DEFAULT =
                new Policy(Duration.ofMillis(500), Duration.ofSeconds(8), 6, Duration.ofMinutes(1));
    }

    private final Policy policy;
    private int restarts;

    public BackOff(Policy policy) {
        this.policy = policy;
    }

    /**
     * An agent has ended.
     *
     * @param ran how long it had run
     * @return the pause before the next start; empty to give up
     */
    public Optional<Duration> ended(Duration ran) {
        if (ran.compareTo(policy.lasting) >= 0) {
            restarts = 0;
        }
        if (restarts >= policy.most) {
            return Optional.empty();
        }
        var pause = restarts == 0 ? Duration.ZERO : doubled(restarts - 1);
        restarts++;
        return Optional.of(pause);
    }

    /** The user starts it by hand: nothing of before counts. */
    public void forgive() {
        restarts = 0;
    }

    private Duration doubled(int times) {
        // 30 doublings are more than any cap.
        var pause = policy.first.multipliedBy(1L << Math.min(times, 30));
        return pause.compareTo(policy.cap) < 0 ? pause : policy.cap;
    }
}

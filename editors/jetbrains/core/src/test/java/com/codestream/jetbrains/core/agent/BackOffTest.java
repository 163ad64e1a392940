package com.codestream.jetbrains.core.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackOffTest {
    private static final Duration SHORT = Duration.ofSeconds(2);

    private final BackOff backOff = new BackOff(BackOff.Policy.DEFAULT);

    private String ended() {
        return backOff.ended(SHORT).map(Duration::toMillis).map(String::valueOf).orElse("never");
    }

    @Test
    void pauses_double_up_to_a_cap_and_then_it_gives_up() {
        var pauses = Stream.generate(this::ended).limit(8).toList().toString();
        assertEquals("[0, 500, 1000, 2000, 4000, 8000, never, never]", pauses);
    }

    @Test
    void a_long_run_forgives_what_was_before() {
        Stream.generate(this::ended).limit(6).forEach(pause -> {});
        assertEquals(Optional.of(Duration.ZERO), backOff.ended(Duration.ofMinutes(1)));
        assertEquals("500", ended());
    }

    @Test
    void a_start_by_hand_forgives_too() {
        Stream.generate(this::ended).limit(7).forEach(pause -> {});
        backOff.forgive();
        assertEquals("0", ended());
    }
}

package com.codestream.jetbrains.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonParser;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessesTest {
    private static final String MONA = "{\"who\":\"mona (a)\",\"since\":1,\"providerTeamId\":\"a\"}";
    private static final String LOST =
            "{\"who\":\"mona (a)\",\"since\":1,\"providerTeamId\":\"a\",\"error\":\"invalid_grant\"}";
    private static final String OTHER = "{\"who\":\"mona (b)\",\"since\":1,\"providerTeamId\":\"b\"}";

    private static Accesses at(String... accounts) {
        var row = "{\"providerId\":\"x*example*com\",\"displayName\":\"Example\",\"accounts\":["
                + String.join(",", accounts) + "]}";
        return Accesses.of(JsonParser.parseString("[" + row + "]").getAsJsonArray());
    }

    private static List<String> told(Accesses before, Accesses after) {
        return after.lostSince(before).stream().map(Accesses.Access::words).toList();
    }

    @Test
    void a_loss_is_news_once_and_only_of_the_account_that_lost_it() {
        var both = at(MONA, OTHER);
        var broken = at(LOST, OTHER);
        assertEquals(
                List.of("Example does not accept the access of mona (a) any more. Reconnect to go on."),
                told(both, broken));
        assertEquals(List.of(), told(broken, broken));
        assertEquals(List.of(), told(Accesses.NONE, broken), "it was lost before anybody looked");
        assertEquals(List.of(), told(broken, both));
        assertEquals(List.of(), told(both, at(OTHER)), "disconnected is not lost");
    }

    @Test
    void an_account_that_works_again_or_for_the_first_time_is_gained() {
        assertEquals(Set.of("x*example*com a"), at(MONA, OTHER).gainedSince(at(LOST, OTHER)));
        assertEquals(Set.of("x*example*com b"), at(LOST, OTHER).gainedSince(Accesses.NONE));
    }

    @Test
    void an_account_without_a_name_or_a_workspace_has_words_too() {
        var working = at("{\"who\":\"\",\"since\":0}");
        var lost = at("{\"who\":\"\",\"since\":0,\"error\":\"invalid_grant\"}");
        assertEquals(List.of("Example does not accept the access any more. Reconnect to go on."), told(working, lost));
        assertEquals(
                "{\"providerId\":\"x*example*com\"}",
                lost.lostSince(working).get(0).params().toString());
    }
}

package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.TestIde;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the agent says and asks reaches the user. */
class MessagesTest {
    @Test
    void a_server_that_is_not_set_is_named() {
        try (var ide = TestIde.open("")) {
            var notice = ide.host.notices.next();
            assertEquals(Host.Level.WARNING, notice.level());
            assertTrue(notice.words().contains("serverUrl"), notice.words());
            var error = ide.refused("codestream/provider/list", "{}");
            assertEquals(
                    "notConfigured", error.getAsJsonObject("data").get("kind").getAsString());
        }
    }

    @Test
    void a_question_is_answered_with_the_choice() {
        try (var ide = TestIde.with(FakeAgent.script("ask"))) {
            ide.host.answers.add(Optional.of("Two"));
            ide.codeStream.start();
            assertEquals("choose [One, Two]", ide.host.done.next());
            ide.host.log.await("the agent's word", line -> line.equals("answered Two"));
        }
    }
}

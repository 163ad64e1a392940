package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.TestIde;
import org.junit.jupiter.api.Test;

/** A link reaches the browser as the agent wrote it. */
class BrowsedUrlTest {
    @Test
    void every_byte_of_a_link_reaches_the_browser() {
        try (var ide = TestIde.with(FakeAgent.script("browse"))) {
            ide.codeStream.start();
            assertEquals(FakeAgent.LINK, ide.host.browsed.next());
            ide.host.log.await("the agent's word that it was opened", line -> line.equals("opened"));
        }
    }

    @Test
    void the_view_opens_links_as_they_are_and_only_those_of_the_web() {
        try (var ide = TestIde.with(FakeAgent.script("deaf"))) {
            ide.listen();
            var args = new com.google.gson.JsonObject();
            args.addProperty("url", FakeAgent.LINK);
            ide.command("openExternal", args.toString());
            assertEquals(FakeAgent.LINK, ide.host.browsed.next());
            for (var url :
                    new String[] {"file:///etc/passwd", "javascript:alert(1)", "jetbrains://idea/x", "httpx://h"}) {
                args.addProperty("url", url);
                assertEquals(
                        -32602,
                        ide.command("openExternal", args.toString())
                                .getAsJsonObject("error")
                                .get("code")
                                .getAsInt(),
                        url);
            }
            assertEquals(1, ide.host.browsed.all().size());
        }
    }
}

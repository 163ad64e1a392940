package com.codestream.jetbrains.core.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class AsciiJsonTest {
    @Test
    void whatever_a_message_holds_the_script_is_ascii_and_means_the_same() {
        for (var text : new String[] {
            "",
            "plain",
            "a\"b\\c",
            "\n\r\t\0",
            "ü€𝄞",
            "\u2028\u2029",
            "</script><!--",
            "${x}`'",
            "\ud800 alone",
            "\u007f\u0085"
        }) {
            var literal = AsciiJson.literal(text);
            assertTrue(literal.chars().allMatch(c -> c >= 0x20 && c < 0x7f), literal);
            assertEquals(text, JsonParser.parseString(literal).getAsString());
        }
    }

    @Test
    void a_message_is_one_call() {
        var message = new JsonObject();
        message.addProperty("name", "ü\"");
        assertEquals("window.codestream.receive(\"{\\\"name\\\":\\\"\\u00fc\\\\\\\"\\\"}\")", AsciiJson.call(message));
    }
}

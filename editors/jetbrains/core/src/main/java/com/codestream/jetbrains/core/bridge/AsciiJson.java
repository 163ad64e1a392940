package com.codestream.jetbrains.core.bridge;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

/**
 * JSON inside a script, in ASCII: whatever an embedded browser takes the script's encoding for, and whatever a message
 * holds, the page receives exactly what was sent.
 */
final class AsciiJson {
    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private AsciiJson() {}

    /** A call of the page's receiver with the message's JSON text as its argument. */
    static String call(JsonObject message) {
        return "window.codestream.receive(" + literal(GSON.toJson(message)) + ")";
    }

    /** A JavaScript string literal, ECMA-262 12.9.4, of printable ASCII alone. */
    static String literal(String text) {
        var out = new StringBuilder(text.length() + 16).append('"');
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= 0x20 && c < 0x7f && c != '<') {
                out.append(c);
            } else {
                // Each UTF-16 unit by itself, as ECMA-262 has them. `<` too, so that no text looks like a tag.
                out.append(String.format("\\u%04x", (int) c));
            }
        }
        return out.append('"').toString();
    }
}

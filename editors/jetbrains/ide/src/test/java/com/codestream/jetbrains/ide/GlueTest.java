package com.codestream.jetbrains.ide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Settings;
import com.codestream.jetbrains.core.bridge.Theme;
import com.google.gson.JsonParser;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.swing.UIManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The few decisions of the glue that need no IDE. */
class GlueTest {
    private static final Account MONA = new Account("https://api.example.com/", "t1", "mona@example.com");

    @AfterEach
    void restore() {
        for (var key : new String[] {"ToolWindow.background", "Label.foreground", "Link.activeForeground"}) {
            UIManager.put(key, null);
        }
    }

    private static Theme theme(Color background, Color foreground) {
        UIManager.put("ToolWindow.background", background);
        UIManager.put("Label.foreground", foreground);
        return IdeTheme.current();
    }

    @Test
    void swings_defaults_become_the_views_variables() {
        UIManager.put("Link.activeForeground", new Color(0x35, 0x74, 0xf0, 0x80));
        var theme = theme(new Color(0x2b, 0x2d, 0x30), new Color(0xdf, 0xe1, 0xe5));
        assertEquals(Theme.Kind.DARK, theme.kind());
        assertEquals("#2b2d30ff", theme.variables().get("--cs-background"));
        assertEquals("#3574f080", theme.variables().get("--cs-link"));
        assertTrue(theme.variables().get("--cs-font-size").matches("\\d+px"));
    }

    @Test
    void the_kind_of_a_theme_is_read_from_its_colours() {
        assertEquals(
                Theme.Kind.LIGHT,
                theme(new Color(0xf7, 0xf8, 0xfa), Color.BLACK).kind());
        assertEquals(Theme.Kind.HIGH_CONTRAST, theme(Color.BLACK, Color.WHITE).kind());
        assertEquals(Theme.Kind.DARK, theme(Color.BLACK, Color.LIGHT_GRAY).kind());
    }

    @Test
    void one_account_is_kept_for_each_server() {
        var settings = new CodeStreamSettings();
        settings.remember(MONA);
        var later = new Account("https://api.example.com", "t2", "mona@example.com");
        settings.remember(later);
        settings.remember(new Account("https://other.example.com", "", "newton@example.com"));
        assertEquals(Optional.of(later), settings.account(" https://api.example.com/ "));
        settings.forget(MONA);
        assertEquals(Optional.of(later), settings.account("https://api.example.com"));
        settings.forget(later);
        assertEquals(Optional.empty(), settings.account("https://api.example.com"));
        assertEquals(1, settings.getState().accounts.size());
    }

    @Test
    void the_settings_page_gives_back_what_it_was_given() {
        var given = new Settings("https://api.example.com", "t1", "/agent", "/ca.pem", true, "debug");
        var form = new SettingsForm();
        form.show(given);
        assertEquals(given, form.settings());
        var settings = new CodeStreamSettings();
        settings.change(form.settings());
        assertEquals(given, settings.current());
    }

    @Test
    void a_balloon_shows_text_and_not_markup() {
        assertEquals("a &lt;b&gt; &amp;amp; c", Notices.asText("a <b> &amp; c"));
    }

    /** CWE-79, CWE-451: the corpus that the tests of every surface read. */
    @Test
    void no_hostile_name_is_markup_in_a_balloon() throws IOException {
        var path = Path.of(System.getProperty("repository.root")).resolve("protocol/golden/hostile_names.json");
        var names =
                JsonParser.parseString(Files.readString(path)).getAsJsonObject().getAsJsonArray("names");
        assertTrue(names.size() > 20);
        for (var row : names) {
            var name = row.getAsJsonObject().get("text").getAsString();
            var shown = Notices.asText(name);
            assertTrue(!shown.contains("<") && !shown.contains(">"), name);
            assertTrue(shown.replaceAll("&(amp|lt|gt);", "").indexOf('&') < 0, name);
        }
    }

    @Test
    void only_the_web_is_opened_in_a_browser() {
        assertTrue(ViewRequests.isLink("https://h") && ViewRequests.isLink("http://h"));
        assertTrue(!ViewRequests.isLink("file:///etc/passwd") && !ViewRequests.isLink("javascript:x"));
    }
}

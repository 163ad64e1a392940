package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.bridge.Theme;
import com.codestream.jetbrains.core.harness.Chromium;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestIde;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The real web view in Chromium, over the bridge, to the real agent and server. */
class WebViewTest {
    private static final String ROW = "[data-region='github*com']";

    private static Chromium chromium;

    @BeforeAll
    static void start() {
        chromium = new Chromium();
    }

    @AfterAll
    static void end() {
        chromium.close();
    }

    @Test
    void a_person_signs_up_connects_and_finds_the_session_after_a_reload() {
        try (var stub = Stub.start();
                var ide = TestIde.showing(stub.api(), chromium::run)) {
            chromium.load(ide);
            chromium.shows(ROW, "Sign up with GitHub");
            chromium.picture("signed-out");
            chromium.press(ROW + " [data-key='sign-in']");
            chromium.shows(ROW, "Browser opened");
            chromium.picture("waiting");
            new TestBrowser().approve(ide.host.browsed.next());
            chromium.shows(ROW, "mona");
            chromium.picture("connected");
            chromium.load(ide);
            chromium.shows(ROW, "mona");
            var token = ide.host.store.secrets.values().iterator().next().expose();
            assertFalse(chromium.text().contains(token));
        }
    }

    @Test
    void a_person_declines_and_tries_again() {
        try (var stub = Stub.start();
                var ide = TestIde.showing(stub.api(), chromium::run)) {
            chromium.load(ide);
            chromium.shows(ROW, "Sign up with GitHub");
            chromium.press(ROW + " [data-key='sign-in']");
            new TestBrowser().deny(ide.host.browsed.next());
            chromium.shows(ROW, "You declined. Nothing was changed.");
            chromium.press(ROW + " [data-key='sign-in']");
            new TestBrowser().approve(ide.host.browsed.next());
            chromium.shows(ROW, "mona");
        }
    }

    @Test
    void a_person_copies_a_fresh_link_and_cancels() {
        try (var stub = Stub.start();
                var ide = TestIde.showing(stub.api(), chromium::run)) {
            chromium.load(ide);
            chromium.shows(ROW, "Sign up with GitHub");
            chromium.press(ROW + " [data-key='sign-in']");
            chromium.shows(ROW, "Browser opened");
            var opened = ide.host.browsed.next();
            chromium.press(ROW + " [data-key='copy-link']");
            var copied = ide.host.copied.next();
            // One that was opened belongs to the browser that opened it.
            assertNotEquals(opened, copied);
            assertTrue(copied.startsWith(stub.api() + "/web/provider-auth/github?"), copied);
            chromium.press(ROW + " [data-key='cancel']");
            chromium.shows(ROW, "ancelled");
            assertTrue(ide.codeStream.view().running().isEmpty());
        }
    }

    @Test
    void the_page_takes_on_the_ides_theme() {
        try (var stub = Stub.start();
                var ide = TestIde.showing(stub.api(), chromium::run)) {
            ide.codeStream.theme(new Theme(Theme.Kind.LIGHT, Map.of("--cs-background", "#fafbfc")));
            chromium.load(ide);
            chromium.shows(ROW, "Sign up with GitHub");
            assertEquals("light", chromium.root("data-theme"));
            assertEquals("#fafbfc", chromium.variable("--cs-background"));
            ide.codeStream.theme(new Theme(Theme.Kind.HIGH_CONTRAST, Map.of("--cs-background", "#000000")));
            chromium.shows("html[data-theme='highContrast']", "GitHub");
        }
    }

    @Test
    void an_agent_that_dies_is_shown_and_comes_back() {
        try (var stub = Stub.start();
                var ide = TestIde.showing(stub.api(), chromium::run)) {
            chromium.load(ide);
            chromium.shows(ROW, "Sign up with GitHub");
            ProcessHandle.current()
                    .children()
                    .filter(child -> child.info()
                            .command()
                            .filter(path -> path.endsWith("codestream-agent"))
                            .isPresent())
                    .forEach(ProcessHandle::destroyForcibly);
            ide.agentIs("restarting");
            ide.agentIs("running");
            chromium.shows(ROW, "Sign up with GitHub");
            chromium.press(ROW + " [data-key='sign-in']");
            new TestBrowser().approve(ide.host.browsed.next());
            chromium.shows(ROW, "mona");
        }
    }
}

package com.codestream.jetbrains.ide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** plugin.xml and the release build agree with the code and with this build. */
class DescriptorTest {
    private static String descriptor() throws IOException {
        return Files.readString(Path.of("src/main/resources/META-INF/plugin.xml"));
    }

    private static Stream<String> all(String regex, String text) {
        return Pattern.compile(regex).matcher(text).results().map((MatchResult found) -> found.group(1));
    }

    @Test
    void every_class_and_icon_that_is_registered_exists() throws IOException, ClassNotFoundException {
        var classes = all("(?:factoryClass|serviceImplementation|instance)=\"([^\"]+)\"", descriptor())
                .toList();
        assertEquals(5, classes.size());
        for (var name : classes) {
            Class.forName(name, false, getClass().getClassLoader());
        }
        for (var icon : all("icon=\"([^\"]+)\"", descriptor()).toList()) {
            assertNotNull(getClass().getResource(icon), icon);
        }
    }

    @Test
    void the_code_knows_the_plugins_own_id_and_group() throws IOException {
        assertTrue(descriptor().contains("<id>" + Plugin.ID + "</id>"));
        assertTrue(descriptor().contains("<notificationGroup id=\"CodeStream\""));
    }

    @Test
    void all_builds_take_the_same_versions() throws IOException {
        var pom = Files.readString(Path.of("../pom.xml"));
        var catalog = Files.readString(Path.of("../gradle/libs.versions.toml"));
        for (var library : new String[] {"gson", "lsp4j"}) {
            var here =
                    all("<" + library + "\\.version>([^<]+)<", pom).findFirst().orElseThrow();
            assertTrue(catalog.contains(library + " = \"" + here + "\""), library + " is " + here + " here");
        }
        var gradle = Files.readString(Path.of("../build.gradle.kts"));
        var version = all("<version>([^<]+)</version>", pom).findFirst().orElseThrow();
        assertTrue(gradle.contains("version = \"" + version + "\""), version);
        assertTrue(descriptor().contains("<version>" + version + "</version>"), version);
        var since = all("since-build=\"([^\"]+)\"", descriptor()).findFirst().orElseThrow();
        assertTrue(gradle.contains("sinceBuild = \"" + since + "\""), since);
    }
}

package com.codestream.jetbrains.ide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.jetbrains.plugin.structure.base.plugin.PluginCreationFail;
import com.jetbrains.plugin.structure.base.plugin.PluginCreationSuccess;
import com.jetbrains.plugin.structure.intellij.plugin.IdePlugin;
import com.jetbrains.plugin.structure.intellij.plugin.IdePluginManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive that an IDE installs. Runs after it is made. */
class PluginZipCheck {
    private static final Path ZIP = Path.of(System.getProperty("plugin.zip"));

    @TempDir
    Path unpacked;

    @Test
    void jetbrains_own_check_has_nothing_to_say() {
        var result = IdePluginManager.createManager(unpacked).createPlugin(ZIP);
        if (result instanceof PluginCreationFail<IdePlugin> refused) {
            throw new AssertionError(refused.getErrorsAndWarnings().toString());
        }
        var plugin = assertInstanceOf(PluginCreationSuccess.class, result);
        assertEquals(List.of(), plugin.getWarnings());
        assertEquals(List.of(), plugin.getUnacceptableWarnings());
        var made = (IdePlugin) plugin.getPlugin();
        assertEquals("com.codestream.integrations", made.getPluginId());
        assertEquals("0.1.0", made.getPluginVersion());
        assertEquals(233, made.getSinceBuild().getBaselineVersion());
    }

    @Test
    void it_holds_the_plugin_and_its_libraries_and_nothing_of_an_ide() throws IOException {
        Set<String> libraries = new TreeSet<>();
        Set<String> foreign = new TreeSet<>();
        var view = false;
        try (var zip = new ZipFile(ZIP.toFile())) {
            for (var entry :
                    (Iterable<java.util.zip.ZipEntry>) zip.stream().map(java.util.zip.ZipEntry.class::cast)::iterator) {
                if (!entry.getName().endsWith(".jar")) {
                    continue;
                }
                libraries.add(Path.of(entry.getName()).getFileName().toString().replaceAll("-[0-9].*", ""));
                try (var jar = new ZipInputStream(zip.getInputStream(entry))) {
                    for (var file = jar.getNextEntry(); file != null; file = jar.getNextEntry()) {
                        view |= file.getName().equals("codestream-webview/index.html");
                        if (file.getName().matches("(com/intellij|org/cef|com/jetbrains|org/jetbrains)/.*\\.class")) {
                            foreign.add(file.getName());
                        }
                    }
                }
            }
        }
        assertEquals(Set.of("core", "gson", "ide", "org.eclipse.lsp4j", "org.eclipse.lsp4j.jsonrpc"), libraries);
        assertEquals(Set.of(), foreign);
        assertTrue(view, "the web view is missing");
    }

    @Test
    void every_agent_that_was_built_is_in_it() throws IOException {
        var agents = Path.of(System.getProperty("agents"));
        try (var zip = new ZipFile(ZIP.toFile())) {
            if (!Files.isDirectory(agents)) {
                assertTrue(zip.stream().noneMatch(entry -> entry.getName().startsWith("codestream/agent/")));
                return;
            }
            try (var files = Files.walk(agents)) {
                for (var file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    var entry = zip.getEntry("codestream/agent/"
                            + agents.relativize(file).toString().replace('\\', '/'));
                    assertTrue(entry != null && entry.getSize() == Files.size(file), file.toString());
                }
            }
        }
    }
}

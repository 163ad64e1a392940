package com.codestream.jetbrains.core.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentBinaryTest {
    @TempDir
    Path bundled;

    @Test
    void platforms_have_their_folders() {
        assertEquals("linux-x64", AgentBinary.platform("Linux", "amd64"));
        assertEquals("macos-arm64", AgentBinary.platform("Mac OS X", "aarch64"));
        assertEquals("windows-x64", AgentBinary.platform("Windows 11", "amd64"));
        assertEquals("linux-riscv64", AgentBinary.platform("Linux", "riscv64"));
    }

    @Test
    void the_bundled_agent_is_made_executable() throws IOException {
        var agent = Files.createFile(
                Files.createDirectory(bundled.resolve("linux-x64")).resolve("codestream-agent"));
        assertEquals(agent, AgentBinary.find("", bundled, "Linux", "amd64"));
        assertTrue(Files.isExecutable(agent));
        var exe = Files.createFile(
                Files.createDirectory(bundled.resolve("windows-x64")).resolve("codestream-agent.exe"));
        assertEquals(exe, AgentBinary.find("  ", bundled, "Windows 11", "amd64"));
    }

    @Test
    void the_users_agent_goes_first() throws IOException {
        var mine = Files.createFile(bundled.resolve("mine"));
        assertEquals(mine, AgentBinary.find(" " + mine + " ", bundled, "Linux", "amd64"));
    }

    @Test
    void a_platform_without_an_agent_is_named() {
        var refused = assertThrows(IOException.class, () -> AgentBinary.find("", bundled, "Linux", "riscv64"));
        assertTrue(refused.getMessage().contains("linux-riscv64"), refused.getMessage());
    }
}

package com.codestream.jetbrains.core.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.codestream.jetbrains.core.Windows;
import com.codestream.jetbrains.core.harness.FakeAgent;
import com.codestream.jetbrains.core.harness.Inbox;
import com.codestream.jetbrains.core.harness.Stub;
import com.codestream.jetbrains.core.harness.TestBrowser;
import com.codestream.jetbrains.core.harness.TestIde;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Agents and servers that go away and come back. */
class RestartTest {
    private static List<ProcessHandle> agents() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info()
                        .command()
                        .filter(path -> path.endsWith("codestream-agent"))
                        .isPresent())
                .toList();
    }

    @Test
    void a_killed_agent_is_started_again_with_its_session() {
        try (var stub = Stub.start();
                var ide = TestIde.open(stub.api(), TestIde.signedIn(stub.api(), stub.user()), new Windows())) {
            ide.channelIs("reconnected");
            agents().forEach(ProcessHandle::destroyForcibly);
            ide.agentIs("restarting");
            ide.agentIs("running");
            ide.channelIs("reconnected");
            ide.request("codestream/provider/connect", "{\"providerId\":\"github*com\"}");
            new TestBrowser().approve(ide.host.browsed.next());
            ide.toldConnected("github", true);
        }
    }

    @Test
    void a_closed_window_leaves_no_agent_behind() {
        try (var stub = Stub.start()) {
            List<ProcessHandle> before;
            try (var ide = TestIde.open(stub.api())) {
                ide.agentIs("running");
                before = agents();
                assertEquals(1, before.size());
            }
            assertFalse(before.get(0).isAlive());
        }
    }

    @Test
    void the_agent_is_restarted_by_hand() {
        try (var stub = Stub.start();
                var ide = TestIde.open(stub.api())) {
            ide.agentIs("running");
            var before = agents().get(0);
            ide.command("restartAgent", "{}");
            ide.agentIs("restarting");
            ide.agentIs("running");
            before.onExit()
                    .orTimeout(Inbox.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
            assertTrue(ide.host.notices.all().isEmpty());
        }
    }

    @Test
    void a_server_that_stops_and_starts_again_signs_nobody_out() {
        try (var stub = Stub.durable();
                var ide = TestIde.open(stub.api(), TestIde.signedIn(stub.api(), stub.user()), new Windows())) {
            ide.channelIs("reconnected");
            stub.stop();
            ide.channelIs("reconnecting");
            var error = ide.refused("codestream/provider/connect", "{\"providerId\":\"github*com\"}");
            assertEquals(
                    "serverUnreachable",
                    error.getAsJsonObject("data").get("kind").getAsString());
            stub.startAgain();
            ide.channelIs("reconnected");
            ide.request("codestream/provider/connect", "{\"providerId\":\"github*com\"}");
            new TestBrowser().approve(ide.host.browsed.next());
            ide.toldConnected("github", true);
            assertTrue(ide.host.done.all().stream().noneMatch(done -> done.startsWith("forget")));
        }
    }

    @Test
    void an_agent_that_keeps_ending_is_given_up_and_can_be_started_by_hand() {
        var agent = FakeAgent.script("exit-at-once");
        try (var ide = TestIde.with(agent)) {
            ide.codeStream.start();
            ide.listen();
            var asked = ide.refused("codestream/status", "{}");
            assertTrue(asked.getAsJsonObject("data").get("retryable").getAsBoolean());
            assertTrue(ide.agentIs("failed").get("message").getAsString().contains("keeps stopping"));
            assertEquals(1 + TestIde.QUICK.most(), FakeAgent.starts(agent));
            ide.host.notices.await("the failure", notice -> notice.words().contains("keeps stopping"));

            ide.command("restartAgent", "{}");
            ide.agentIs("restarting");
            ide.agentIs("failed");
            assertEquals(2 * (1 + TestIde.QUICK.most()), FakeAgent.starts(agent));
        }
    }

    @Test
    void a_missing_agent_is_named_at_once() {
        try (var ide = TestIde.with(Path.of("/nowhere/codestream-agent"))) {
            ide.codeStream.start();
            ide.listen();
            assertTrue(ide.agentIs("failed").get("message").getAsString().contains("/nowhere/codestream-agent"));
        }
    }

    @Test
    void an_agent_that_does_not_hear_shutdown_is_ended_by_force() {
        var agent = FakeAgent.script("deaf");
        try (var ide = TestIde.with(agent)) {
            ide.codeStream.start();
            ide.listen();
            ide.agentIs("running");
        }
        assertEquals(1, FakeAgent.starts(agent));
    }

    @Test
    void a_request_that_an_agent_takes_along_is_refused_and_may_be_tried_again() {
        try (var ide = TestIde.with(FakeAgent.script("deaf"))) {
            ide.codeStream.start();
            ide.listen();
            ide.agentIs("running");
            ide.codeStream.received("{\"type\":\"request\",\"id\":77,\"method\":\"codestream/status\",\"params\":{}}");
            ide.host.log.await("the request's arrival", line -> line.equals("heard codestream/status"));
            ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
            var answer = ide.shown.await("the answer", shown -> shown.has("id"));
            var error = answer.getAsJsonObject("error");
            assertTrue(error.getAsJsonObject("data").get("retryable").getAsBoolean());
            ide.agentIs("restarting");
            ide.agentIs("running");
        }
    }

    @Test
    void what_the_agent_logs_is_in_the_log() {
        try (var ide = TestIde.with(FakeAgent.script("deaf"))) {
            ide.codeStream.start();
            ide.host.log.await("the agent's line", line -> line.equals("a line for the log: ü"));
        }
    }
}

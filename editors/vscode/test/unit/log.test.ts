import { expect, test } from "vitest";
import { logLine } from "../../src/agent/log";

test("a line of the agent's log goes to its level, without the time that the channel writes itself", () => {
  const lines: string[] = [];
  const channel = {
    info: (text: string) => lines.push(`info ${text}`),
    warn: (text: string) => lines.push(`warn ${text}`),
    error: (text: string) => lines.push(`error ${text}`),
  };
  for (const line of [
    "2026-11-24T11:00:00.000000Z  WARN codestream_agent::channel: gone",
    "2026-11-24T11:00:00.000000Z ERROR codestream_agent: broken",
    "2026-11-24T11:00:00.000000Z DEBUG codestream_agent: detail",
    "thread 'main' panicked at x.rs",
  ]) {
    logLine(channel, line);
  }
  expect(lines).toEqual([
    "warn codestream_agent::channel: gone",
    "error codestream_agent: broken",
    "info codestream_agent: detail",
    "info thread 'main' panicked at x.rs",
  ]);
});

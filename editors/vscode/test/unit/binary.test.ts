import { expect, test } from "vitest";
import { bundled, locate, NoBinary, type Place } from "../../src/agent/binary";

const place = (more: Partial<Place> = {}): Place => ({
  extensionPath: "/ext",
  platform: "linux",
  arch: "x64",
  home: "/home/mona",
  exists: () => true,
  ...more,
});

test("without a setting it is the one inside the extension, by platform", () => {
  expect(locate(place())).toBe("/ext/bin/linux-x64/codestream-agent");
  expect(locate(place({ platform: "win32", arch: "arm64", extensionPath: "C:\\ext" }))).toBe(
    "C:\\ext\\bin\\win32-arm64\\codestream-agent.exe",
  );
  expect(bundled("darwin", "arm64").join("/")).toBe("bin/darwin-arm64/codestream-agent");
});

test("the setting wins, and may begin at home", () => {
  expect(locate(place({ agentPath: "/opt/agent" }))).toBe("/opt/agent");
  expect(locate(place({ agentPath: "~/bin/agent" }))).toBe("/home/mona/bin/agent");
});

test("what cannot be used is refused in words that say what to do", () => {
  const missing = { exists: () => false };
  expect(() => locate(place(missing))).toThrow(/no agent for linux-x64.*codestream\.agentPath/);
  expect(() => locate(place({ ...missing, agentPath: "/opt/agent" }))).toThrow(/no agent at \/opt\/agent/);
  expect(() => locate(place({ agentPath: "agent" }))).toThrow(NoBinary);
});

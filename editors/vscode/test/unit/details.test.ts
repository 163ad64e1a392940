import { expect, test } from "vitest";
import { details } from "../../src/details";
import { EMPTY } from "../../src/model";
import { attempt, connected, provider, SERVER } from "./examples";

const text = details({
  surroundings: {
    ide: { name: "VS Code", version: "1.100.3" },
    extensionVersion: "0.1.0",
    machineName: "laptop",
  },
  settings: {
    serverUrl: SERVER,
    traceLevel: "info",
    proxy: { url: "http://mona:hunter2@hunter2/@proxy.example.com:3128", strictSSL: false },
  },
  model: {
    ...EMPTY,
    agent: { status: "running" },
    configured: true,
    session: { userId: "u1", email: "mona@example.com", teamId: "t1" },
    providers: [connected, provider()],
    attempts: new Map([
      ["a", attempt({ end: { outcome: "failed", kind: "declined", code: "PRVD-1006", message: "No." } })],
    ]),
  },
  remote: "ssh-remote",
  platform: "linux-x64",
  doctor: "api           200 (3 ms)\n",
});

test("the details hold what helps", () => {
  for (const part of [
    "VS Code 1.100.3",
    "linux-x64, remote (ssh-remote)",
    SERVER,
    "http://proxy.example.com:3128",
    "user u1, team t1",
    "code*example*com, connected",
    "failed, declined, PRVD-1006, No.",
    "2026-11-18T",
    "api           200 (3 ms)",
  ]) {
    expect(text).toContain(part);
  }
});

test("the details hold no secret: no password of a proxy, no link of an attempt, no address", () => {
  for (const secret of ["hunter2", "web/provider-auth", "mona"]) expect(text).not.toContain(secret);
});

import { beforeEach, expect, test } from "vitest";
import { Hub } from "../../src/hub";
import type { Request } from "../../src/protocol";
import { secretKey, SessionStore } from "../../src/session";
import { attempt, connected, login, SERVER } from "./examples";

let kept: Map<string, string>;
let answers: Record<string, unknown>;
let asked: [string, unknown][];
let told: [boolean, string][];
let passed: string[];
let troubles: string[];
let signals: number;
let hub: Hub;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const key = secretKey(SERVER);
const stored = (): string | undefined => {
  const text = kept.get(key);
  return text === undefined ? undefined : (JSON.parse(text) as { value: string }).value;
};
const keep = (value: string): void => {
  kept.set(key, JSON.stringify({ url: SERVER, email: "mona@example.com", value }));
};

beforeEach(async () => {
  kept = new Map();
  answers = {
    "codestream/status": { server: SERVER, connection: "reconnected", attempts: [] },
    "codestream/provider/list": { providers: [connected] },
    "codestream/login/token": { loginResponse: {}, state: {} },
  };
  asked = [];
  told = [];
  passed = [];
  troubles = [];
  signals = 0;
  const request = (method: string, params: unknown): Promise<unknown> => {
    asked.push([method, params]);
    const answer = answers[method];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  hub = new Hub({
    request: request as Request,
    sessions: new SessionStore({
      get: (name) => Promise.resolve(kept.get(name)),
      store: (name, value) => Promise.resolve(void kept.set(name, value)),
      delete: (name) => Promise.resolve(void kept.delete(name)),
    }),
    changed: () => undefined,
    ended: (good, text) => told.push([good, text]),
    confirming: ({ account }, name) => told.push([true, `${account ?? ""} at ${name}?`]),
    noted: (_, name, text) => told.push([false, `${name}: ${text}`]),
    sessionEnded: () => told.push([false, "The session has ended."]),
    lost: (text) => told.push([false, text]),
    signedIn: () => {
      expect(stored()).toBeDefined();
      signals += 1;
      return Promise.resolve();
    },
    passOn: (method) => passed.push(method),
    trouble: (what) => troubles.push(what),
  });
  await hub.launching(SERVER);
  hub.agentChanged({ status: "running" });
  await settled();
  asked = [];
});

const adoptions = (): unknown[] => asked.filter(([method]) => method === "codestream/login/token");

test("an agent starts with the session of its server, and its world is asked for", async () => {
  keep("kept");
  expect((await hub.launching(SERVER))?.value).toBe("kept");
  expect(await hub.launching("https://other.example.com")).toBeUndefined();
  expect(await hub.launching("")).toBeUndefined();
  expect(hub.model).toMatchObject({ configured: false, providers: [connected], connection: "reconnected" });
});

test("a login is kept, a logout forgotten, and the model holds no token", async () => {
  hub.notified("codestream/didLogin", login("hunter2"));
  expect(JSON.stringify(hub.model)).not.toContain("hunter2");
  expect(hub.model.session?.email).toBe("mona@example.com");
  await settled();
  expect(stored()).toBe("hunter2");
  hub.notified("codestream/didLogout", { reason: "requested" });
  await settled();
  expect(stored()).toBeUndefined();
  expect(hub.model.session).toBeUndefined();
  expect(passed).toEqual(["codestream/didLogin", "codestream/didLogout"]);
});

test("an answer that comes late does not undo what was heard since", async () => {
  let late: (list: unknown) => void = () => undefined;
  answers["codestream/provider/list"] = new Promise((resolve) => (late = resolve));
  hub.agentChanged({ status: "running" });
  await settled();
  hub.notified("codestream/didLogin", login("hunter2"));
  answers["codestream/status"] = {
    server: SERVER,
    connection: "reconnected",
    attempts: [],
    session: hub.model.session,
  };
  answers["codestream/provider/list"] = { providers: [connected] };
  hub.notified("codestream/didLogin", login("hunter2"));
  await settled();
  late({ providers: [] });
  await settled();
  expect(hub.model.session?.email).toBe("mona@example.com");
  expect(hub.model.providers).toEqual([connected]);
});

test("the session of another window is taken up by a window that has none", async () => {
  await hub.adopt();
  expect(adoptions()).toEqual([]);
  keep("theirs");
  await hub.adopt();
  expect(adoptions()).toEqual([
    ["codestream/login/token", { token: { url: SERVER, email: "mona@example.com", value: "theirs" } }],
  ]);
  await hub.adopt();
  expect(adoptions()).toHaveLength(1);
});

test("the other windows are told of a new session once it is kept, and of no other", async () => {
  hub.notified("codestream/didLogin", login("hunter2"));
  hub.notified("codestream/didLogin", login("hunter2"));
  await settled();
  expect(signals).toBe(1);
});

test("whether a window has a session after a look at the store", async () => {
  expect(await hub.adopt()).toBe(false);
  keep("theirs");
  expect(await hub.adopt()).toBe(true);
  expect(await hub.adopt()).toBe(true);
});

test("an access that was taken back is told of when the agent says so", () => {
  hub.notified("codestream/didChangeData", {
    type: "providers",
    data: [{ ...connected, connected: false, accounts: [{ who: "mona", since: 1, error: "invalid_grant" }] }],
  });
  expect(told).toEqual([[false, "Example does not accept the access of mona any more. Reconnect to go on."]]);
});

test("a window that has a session, or tries one, keeps to it", async () => {
  hub.notified("codestream/didLogin", login("mine"));
  await settled();
  keep("theirs");
  await hub.adopt();
  await hub.launching(SERVER);
  await hub.adopt();
  expect(adoptions()).toEqual([]);
});

test("when a session ends here and another window has a newer one, that one is taken up and stays", async () => {
  hub.notified("codestream/didLogin", login("old"));
  await settled();
  keep("new");
  hub.notified("codestream/didLogout", { reason: "sessionEnded" });
  await settled();
  expect(stored()).toBe("new");
  expect(adoptions()).toHaveLength(1);
});

test("a session that is no good is forgotten, and one that could not be tried is not", async () => {
  keep("theirs");
  answers["codestream/login/token"] = new Error("The server does not answer.");
  await hub.adopt();
  expect(stored()).toBe("theirs");
  expect(troubles).toEqual(["take up the session of another window"]);
  answers["codestream/login/token"] = { error: "MAINTENANCE_MODE" };
  await hub.adopt();
  expect(stored()).toBe("theirs");
  answers["codestream/login/token"] = { error: "TOKEN_INVALID" };
  await hub.adopt();
  expect(stored()).toBeUndefined();
});

test("the end of an attempt is told once, and not when it was the person's own doing", () => {
  const end = (outcome: "connected" | "cancelled", account?: string) => ({
    attempt: attempt({ end: { outcome, ...(account && { account }) } }),
  });
  hub.notified("codestream/attempt/didChange", { attempt: attempt() });
  hub.notified("codestream/attempt/didChange", end("connected", "mona"));
  hub.notified("codestream/attempt/didChange", end("connected", "mona"));
  expect(told).toEqual([[true, "Example: connected as mona."]]);
  hub.notified("codestream/attempt/didChange", {
    attempt: attempt({ attemptId: "another", end: { outcome: "cancelled" } }),
  });
  expect(told).toHaveLength(1);
});

test("an agent that says nothing is only a status bar without news", async () => {
  answers["codestream/status"] = new Error("no");
  hub.agentChanged({ status: "running" });
  await settled();
  expect(troubles).toEqual(["ask the agent how things are"]);
});

test("a link attempt asks once, when the account is known, and its notes are told once each", () => {
  const change = (more: Parameters<typeof attempt>[0]) => {
    hub.notified("codestream/attempt/didChange", { attempt: attempt({ kind: "link", ...more }) });
  };
  change({});
  change({ note: "Opened elsewhere." });
  change({ note: "Opened elsewhere.", step: "confirming", account: "eve" });
  change({ note: "Opened elsewhere.", step: "confirming", account: "eve" });
  change({ step: "confirming", account: "eve", end: { outcome: "connected", account: "eve" } });
  expect(told).toEqual([
    [false, "Example: Opened elsewhere."],
    [true, "eve at Example?"],
    [true, "eve at Example can now sign in as you."],
  ]);
});

test("a session that was ended elsewhere is told of, a sign-out is not", () => {
  hub.notified("codestream/didLogout", { reason: "requested" });
  expect(told).toEqual([]);
  hub.notified("codestream/didLogout", { reason: "sessionEnded" });
  expect(told).toEqual([[false, "The session has ended."]]);
});

import { beforeEach, expect, test } from "vitest";
import golden from "../../../webview/golden/bridge.json";
import type { HostToView } from "../../../webview/src/bridge";
import { RequestError } from "../../src/error";
import { Bridge, type Host } from "../../src/view/bridge";
import { login } from "./examples";

let posted: HostToView[];
let asked: [string, unknown][];
let done: [string, unknown][];
let bridge: Bridge;
let request: Host["request"];
let resuming: boolean;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const command = (name: string) => (args: unknown) => {
  done.push([name, args]);
  return Promise.resolve(name === "useToken" ? { cancelled: true } : {});
};

beforeEach(() => {
  posted = [];
  asked = [];
  done = [];
  resuming = false;
  request = (method, params) => {
    asked.push([method, params]);
    return Promise.resolve({ of: method });
  };
  bridge = new Bridge({
    post: (message) => posted.push(message),
    request: (method, params) => request(method, params),
    commands: {
      copy: command("copy"),
      openExternal: command("openExternal"),
      useToken: command("useToken"),
      addHost: command("addHost"),
      openSettings: command("openSettings"),
      showLog: command("showLog"),
      restartAgent: command("restartAgent"),
    },
    info: () => ({ ide: "VS Code", version: "1.100.3", extensionVersion: "0.1.0", serverUrl: "" }),
    agent: () => ({ status: "restarting", message: "The agent ended." }),
    resuming: () => resuming,
  });
});

test("every golden message of a view is answered, once", async () => {
  for (const message of golden.viewToHost) bridge.receive(message);
  await settled();
  const ids = golden.viewToHost.flatMap((message) => ("id" in message ? [message.id] : []));
  const answers = posted.filter((message) => message.type === "response");
  expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids);
  for (const answer of answers) expect(answer).toHaveProperty("result");
  const requests = golden.viewToHost.filter(({ type }) => type === "request");
  expect(asked).toEqual(requests.map(({ method, params }) => [method, params]));
  const commands = golden.viewToHost.filter(({ type }) => type === "command");
  expect(done).toEqual(commands.map(({ command, args }) => [command, args]));
  expect(answers.find(({ id }) => id === 12)).toEqual({
    type: "response",
    id: 12,
    result: { cancelled: true },
  });
});

test("a view that is ready is told who hosts it and how the agent is", () => {
  bridge.receive({ type: "ready" });
  expect(posted).toEqual([
    { type: "host", ide: "VS Code", version: "1.100.3", extensionVersion: "0.1.0", serverUrl: "" },
    { type: "agent", status: "restarting", message: "The agent ended." },
  ]);
});

test("what is not in the list never reaches the agent", async () => {
  const methods = ["codestream/login/token", "codestream/provider/configure", "codestream/provider/request"];
  for (const [id, method] of [...methods, "shutdown", "constructor", "__proto__", 7].entries()) {
    bridge.receive({ type: "request", id, method, params: {} });
  }
  bridge.receive({ type: "command", id: 10, command: "toString", args: {} });
  await settled();
  expect(asked).toEqual([]);
  expect(posted).toHaveLength(8);
  for (const answer of posted) expect(answer).toMatchObject({ error: { code: -32601 } });
});

test("links that are not of the web, and arguments of a wrong type, are refused", async () => {
  const bad = [
    ["openExternal", { url: "file:///etc/passwd" }],
    ["openExternal", { url: "command:codestream.signOut" }],
    ["openExternal", { url: " javascript:alert(1)//https://" }],
    ["copy", { text: 7 }],
    ["useToken", null],
  ] as const;
  for (const [id, [name, args]] of bad.entries())
    bridge.receive({ type: "command", id, command: name, args });
  await settled();
  expect(done).toEqual([]);
  expect(posted.map((answer) => "error" in answer && answer.error.code)).toEqual(bad.map(() => -32602));
});

test("a failure keeps its code and data", async () => {
  const data = { kind: "serverUnreachable", retryable: true } as const;
  request = () => Promise.reject(new RequestError(-32803, "No answer.", data));
  bridge.receive({ type: "request", id: 1, method: "codestream/status", params: {} });
  request = () => Promise.reject(Object.assign(new Error("Bad."), { code: -32602, data: "?" }));
  bridge.receive({ type: "request", id: 2, method: "codestream/status", params: {} });
  await settled();
  expect(posted).toEqual([
    { type: "response", id: 1, error: { code: -32803, message: "No answer.", data } },
    { type: "response", id: 2, error: { code: -32602, message: "Bad." } },
  ]);
});

test("no token crosses the bridge", () => {
  bridge.receive({ type: "ready" });
  bridge.notified("codestream/didLogin", login("hunter2"));
  expect(posted.at(-1)).toEqual({
    type: "notification",
    method: "codestream/didLogin",
    params: {
      session: {
        userId: "u1",
        email: "mona@example.com",
        teamId: "t1",
        serverUrl: "https://api.example.com",
      },
      signupStatus: "signedIn",
    },
  });
});

test("before it is ready a view is told nothing, but keeps its focus", () => {
  bridge.focus("code*example*com");
  bridge.agentChanged();
  bridge.notified("codestream/didLogout", { reason: "requested" });
  expect(posted).toEqual([]);
  bridge.receive({ type: "ready" });
  expect(posted.at(-1)).toEqual({ type: "focus", providerId: "code*example*com" });
});

test("noise is survived", async () => {
  for (const noise of [null, 7, "ready", [], {}, { type: "request" }, { type: "command", id: "1" }]) {
    bridge.receive(noise);
  }
  await settled();
  expect(posted).toEqual([]);
});

test("a view is told of a session that waits for the server's word", () => {
  resuming = true;
  bridge.receive({ type: "ready" });
  resuming = false;
  bridge.agentChanged();
  const told = posted.filter(({ type }) => type === "agent");
  expect(told).toEqual([
    { type: "agent", status: "restarting", message: "The agent ended.", resuming: true },
    { type: "agent", status: "restarting", message: "The agent ended." },
  ]);
});

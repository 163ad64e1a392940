import { expect, test } from "vitest";
import { EMPTY, ending, lost, type Model, reduce, running } from "../../src/model";
import { statusText } from "../../src/statusText";
import { attempt, connected, login, provider } from "./examples";

const signedIn: Model = {
  ...EMPTY,
  agent: { status: "running" },
  configured: true,
  connection: "reconnected",
  session: { userId: "u1", email: "mona@example.com" },
};

test("an agent that is gone leaves neither attempts nor a session behind", () => {
  const busy = reduce(signedIn, {
    type: "notification",
    method: "codestream/attempt/didChange",
    params: { attempt: attempt() },
  });
  expect(running(busy)).toHaveLength(1);
  const gone = reduce(busy, { type: "agent", state: { status: "restarting" } });
  expect(running(gone)).toEqual([]);
  expect(gone.session).toBeUndefined();
});

test("a session that waits for the server is one until the server has spoken", () => {
  const waiting = reduce(EMPTY, { type: "launching", configured: true, resuming: true });
  const told = (method: "codestream/didLogin" | "codestream/didLogout", params: unknown) =>
    reduce(waiting, { type: "notification", method, params }).resuming;
  expect(waiting.resuming).toBe(true);
  expect(told("codestream/didLogin", login("hunter2"))).toBe(false);
  expect(told("codestream/didLogout", { reason: "sessionEnded" })).toBe(false);
});

test("data that is not about services changes nothing here", () => {
  const change = (type: string, data: unknown) =>
    reduce(signedIn, { type: "notification", method: "codestream/didChangeData", params: { type, data } });
  expect(change("users", [{ id: "u1" }])).toEqual(signedIn);
  expect(change("activities", [{ id: "a", provider: "example", kind: "message" }])).toEqual(signedIn);
  expect(change("providers", [connected]).providers).toEqual([connected]);
});

test("an access that was taken back is told once, and only of the account that lost it", () => {
  const account = (place: string, error?: string) => ({
    who: `mona (${place})`,
    since: 1,
    providerTeamId: place,
    ...(error && { error }),
  });
  const at = (...accounts: ReturnType<typeof account>[]): Model => ({
    ...signedIn,
    providers: [provider({ accounts })],
  });
  const both = at(account("a"), account("b"));
  const broken = at(account("a", "invalid_grant"), account("b"));
  expect(lost(both, broken)).toEqual([
    "Example does not accept the access of mona (a) any more. Reconnect to go on.",
  ]);
  expect(lost(broken, { ...broken, providers: [...broken.providers] })).toEqual([]);
  expect(lost(signedIn, broken)).toEqual([]);
  expect(lost(broken, both)).toEqual([]);
});

test("each end has its words; the service's name where it is known", () => {
  const words = (model: Model, outcome: "connected" | "signedIn" | "failed" | "expired" | "superseded") =>
    ending(model, attempt(), { outcome, message: "Too late." });
  const known = { ...signedIn, providers: [provider()] };
  expect(words(known, "failed")).toEqual({ good: false, text: "Example: Too late." });
  expect(words(signedIn, "expired")).toEqual({ good: false, text: "code.example.com: Too late." });
  expect(words(known, "signedIn")).toEqual({ good: true, text: "Signed in." });
  expect(words(known, "superseded")).toBeUndefined();
});

test.each<[string, Model, string, string, boolean]>([
  ["not started", EMPTY, "plug", "No server is configured", false],
  ["starting", { ...EMPTY, agent: { status: "starting" } }, "sync~spin", "Starting", false],
  ["failed", { ...EMPTY, agent: { status: "failed", message: "Ended." } }, "error", "Ended.", true],
  ["signed out", { ...EMPTY, agent: { status: "running" }, configured: true }, "plug", "Signed out", false],
  [
    "out of reach",
    { ...EMPTY, agent: { status: "running" }, configured: true, resuming: true },
    "debug-disconnect",
    "You stay signed in",
    false,
  ],
  ["signed in", signedIn, "pass-filled", "No service is connected yet", false],
  ["connected", { ...signedIn, providers: [connected] }, "pass-filled", "Connected: Example", false],
  ["offline", { ...signedIn, connection: "reconnecting" }, "debug-disconnect", "Reconnecting", false],
  [
    "broken",
    { ...signedIn, providers: [provider({ accounts: [{ who: "mona", since: 1, error: "revoked" }] })] },
    "warning",
    "To reconnect: Example",
    true,
  ],
  [
    "waiting",
    { ...signedIn, attempts: new Map([["a", attempt()]]) },
    "sync~spin",
    "Waiting for you at code.example.com",
    false,
  ],
])("the status bar when %s", (_, model, icon, tooltip, warning) => {
  const said = statusText(model);
  expect(said.text).toBe(`$(${icon}) CodeStream`);
  expect(said.tooltip).toContain(tooltip);
  expect(said.warning).toBe(warning);
});

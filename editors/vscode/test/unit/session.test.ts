import { beforeEach, expect, test } from "vitest";
import { onSessionChange, secretKey, SessionStore } from "../../src/session";

const SESSION = {
  userId: "0102030405060708090a0b0c",
  email: "mona@example.com",
  teamId: "0c0b0a090807060504030201",
  token: "one",
  serverUrl: "https://api.example.com",
};

let kept: Map<string, string>;
let writes: number;
let store: SessionStore;

beforeEach(() => {
  kept = new Map();
  writes = 0;
  store = new SessionStore({
    get: (key) => Promise.resolve(kept.get(key)),
    store: (key, value) => {
      writes += 1;
      kept.set(key, value);
      return Promise.resolve();
    },
    delete: (key) => {
      kept.delete(key);
      return Promise.resolve();
    },
  });
});

test("a session is kept by its server, however the address is written", async () => {
  await store.save(SESSION);
  expect(await store.load("HTTPS://API.example.com/")).toEqual({
    url: SESSION.serverUrl,
    email: SESSION.email,
    value: "one",
    teamId: SESSION.teamId,
  });
  expect(await store.load("https://other.example.com")).toBeUndefined();
  expect(secretKey("https://api.example.com:8443")).not.toBe(secretKey("https://api.example.com"));
});

test("the same session is written once: each write wakes the other windows", async () => {
  expect(await store.save(SESSION)).toBe(true);
  expect(await store.save(SESSION)).toBe(false);
  expect(writes).toBe(1);
});

test("an ended session is forgotten, and not the newer one of another window", async () => {
  await store.save({ ...SESSION, token: "two" });
  await store.forget(SESSION.serverUrl, "one");
  expect((await store.load(SESSION.serverUrl))?.value).toBe("two");
  await store.forget(SESSION.serverUrl, "two");
  expect(kept.size).toBe(0);
});

test("an entry that cannot be read is no session", async () => {
  for (const text of ["", "{", "null", "[]", '{"value":""}', '{"value":7}']) {
    kept.set(secretKey(SESSION.serverUrl), text);
    expect(await store.load(SESSION.serverUrl)).toBeUndefined();
  }
});

test("a window hears of the session of its server alone, whatever that is at the time", () => {
  const listeners = new Set<(change: { key: string }) => unknown>();
  const secrets = {
    onDidChange: (heard: (change: { key: string }) => unknown) => {
      listeners.add(heard);
      return { dispose: () => listeners.delete(heard) };
    },
  };
  let server = SESSION.serverUrl;
  let changes = 0;
  const watch = onSessionChange(
    secrets,
    () => server,
    () => (changes += 1),
  );
  const change = (key: string): void => {
    for (const heard of listeners) heard({ key });
  };
  change(secretKey("https://API.example.com/"));
  change(secretKey("https://other.example.com"));
  change("something else");
  expect(changes).toBe(1);
  server = "https://other.example.com";
  change(secretKey(server));
  expect(changes).toBe(2);
  watch.dispose();
  expect(listeners.size).toBe(0);
});

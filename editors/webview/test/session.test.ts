/** The agent, the server and the session: which page is shown when, and what survives. */
import { describe, expect, test } from "vitest";
import type { BridgeError } from "../src/bridge";
import { isApart, page, shown } from "../src/select";
import { keyOf, needsClock } from "../src/state";
import { attempt, github, octocat, rows, session, signedOut, slack, status, withAccounts } from "./fixtures";
import { Play } from "./play";

const key = keyOf("connect", github.providerId);
const unreachable: BridgeError = {
  code: -32803,
  message: "The server does not answer.",
  data: { kind: "serverUnreachable", retryable: true },
};
const pageOf = ({ state }: Play) => page(state).page;

describe("pages", () => {
  const table: [string, () => Play, string][] = [
    ["nothing said yet", () => new Play(), "starting"],
    ["the agent starts", () => new Play().say({ type: "agent", status: "starting" }), "starting"],
    ["the agent failed", () => new Play().started().say({ type: "agent", status: "failed" }), "failed"],
    ["nothing told yet", () => new Play().say({ type: "agent", status: "running" }), "loading"],
    ["signed in", () => new Play().started(), "services"],
    ["signed out", () => new Play().started(signedOut), "signIn"],
    ["no server", () => new Play().started({ ...signedOut, server: "" }), "notConfigured"],
    [
      "the agent restarts",
      () => new Play().started().say({ type: "agent", status: "restarting" }),
      "services",
    ],
    [
      "no answer while signed out",
      () =>
        new Play().say({ type: "agent", status: "running" }).refuse("codestream/provider/list", unreachable),
      "trouble",
    ],
    [
      "no answer while signed in",
      () => new Play().started().act({ do: "refresh" }).refuse("codestream/provider/list", unreachable),
      "services",
    ],
  ];
  test.each(table)("%s", (_, play, wanted) => {
    expect(pageOf(play())).toBe(wanted);
  });
});

test("a server that does not answer is asked again by itself, less and less often", () => {
  const play = new Play().say({ type: "agent", status: "running" }).answer("codestream/status", signedOut);
  const waits: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    play.refuse("codestream/provider/list", unreachable);
    const before = play.requests("codestream/provider/list").length;
    expect(needsClock(play.state)).toBe(true);
    let seconds = 0;
    while (play.requests("codestream/provider/list").length === before) {
      play.later(1000);
      seconds += 1;
    }
    waits.push(seconds);
  }
  expect(waits).toEqual([2, 4, 8, 16, 30, 30]);
  play.answer("codestream/provider/list", { providers: [] });
  expect(pageOf(play)).toBe("signIn");
});

test("what waiting cannot mend is not asked again by itself", () => {
  const error: BridgeError = {
    code: -32803,
    message: "Not trusted.",
    data: { kind: "tlsUntrusted", retryable: false },
  };
  const play = new Play().say({ type: "agent", status: "running" }).refuse("codestream/provider/list", error);
  expect(play.state.trouble?.retryAt).toBeUndefined();
});

test("a sign-in shows the services, and says who is signed in", () => {
  const play = new Play().started(signedOut);
  play.say({
    type: "notification",
    method: "codestream/didLogin",
    params: { session: { ...session, serverUrl: "https://api.example.com" }, signupStatus: "signedIn" },
  });
  expect(pageOf(play)).toBe("services");
  expect(play.state.said.text).toBe("Signed in as mona@example.com.");
  expect(play.state.session).toEqual(session);
});

test("a sign-out forgets accounts, questions and notes at once", () => {
  const play = new Play().started(status(), rows(withAccounts(github, octocat)));
  play.act({ do: "ask", asking: { what: "disconnect", providerId: github.providerId, who: "octocat" } });
  play.say({ type: "notification", method: "codestream/didLogout", params: { reason: "sessionEnded" } });
  expect(pageOf(play)).toBe("signIn");
  expect(play.state.asking).toBeUndefined();
  expect(play.state.providers?.every((row) => row.accounts.length === 0)).toBe(true);
  expect(play.state.mode).toBe("signIn");
});

test("a restart of the agent gives up what was under way, and asks anew when it is back", () => {
  const play = new Play().started().act({ do: "connect", providerId: github.providerId });
  play.act({ do: "connect", providerId: slack.providerId }).attempt(attempt(slack, { attemptId: "another" }));
  play.say({ type: "agent", status: "restarting" });
  for (const row of [github, slack]) {
    const lost = keyOf("connect", row.providerId);
    expect(shown(play.state, lost).shows).toBe("nothing");
    expect(play.state.notes[lost]?.kind).toBe("problem");
  }
  const before = play.requests("codestream/status").length;
  play.say({ type: "agent", status: "running" });
  expect(play.requests("codestream/status")).toHaveLength(before + 1);
});

test("a restart with the kept session shows what was there, and welcomes nobody", () => {
  const play = new Play().started(status(), rows(withAccounts(github, octocat)));
  play.say({ type: "agent", status: "restarting" }).say({ type: "agent", status: "running", resuming: true });
  play.answer("codestream/status", signedOut).answer("codestream/provider/list", { providers: rows(github) });
  expect(pageOf(play)).toBe("services");
  expect(play.state.providers).toEqual(rows(withAccounts(github, octocat)));
  play.say({
    type: "notification",
    method: "codestream/didLogin",
    params: { session: { ...session, serverUrl: "https://api.example.com" }, signupStatus: "signedIn" },
  });
  expect(pageOf(play)).toBe("services");
  expect(play.state.banner).toBeUndefined();
  expect(play.state.agent).toEqual({ status: "running" });
  expect(play.answer("codestream/provider/list", { providers: rows(slack) }).state.providers).toEqual(
    rows(slack),
  );
});

test("a start with a kept session waits for the server's word: services, or sign-in when it is no good", () => {
  const start = () =>
    new Play()
      .say({ type: "agent", status: "running", resuming: true })
      .answer("codestream/status", signedOut)
      .answer("codestream/provider/list", { providers: rows() });
  expect(pageOf(start())).toBe("loading");
  const ended = start().say({
    type: "notification",
    method: "codestream/didLogout",
    params: { reason: "sessionEnded" },
  });
  expect(pageOf(ended)).toBe("signIn");
  const away = new Play()
    .say({ type: "agent", status: "running", resuming: true })
    .answer("codestream/status", signedOut)
    .refuse("codestream/provider/list", unreachable);
  expect(pageOf(away)).toBe("trouble");
});

test("an answer from before a restart changes nothing", () => {
  const play = new Play().started().act({ do: "connect", providerId: github.providerId });
  const { id } = play.request("codestream/provider/connect");
  play.say({ type: "agent", status: "restarting" });
  const before = play.state;
  play.reply(id, { attemptId: "late", url: "https://api.example.com", expiresAt: 1 });
  expect(play.state).toEqual(before);
});

test("a short absence of the channel is not worth a word", () => {
  const play = new Play().started();
  play.say({
    type: "notification",
    method: "codestream/didChangeConnectionStatus",
    params: { status: "reconnecting" },
  });
  expect(isApart(play.state)).toBe(false);
  expect(isApart(play.later(2000).state)).toBe(true);
  play.say({
    type: "notification",
    method: "codestream/didChangeConnectionStatus",
    params: { status: "reconnected", reset: true },
  });
  expect(isApart(play.state)).toBe(false);
  expect(play.requests("codestream/provider/list")).toHaveLength(2);
});

test("another window's change is shown", () => {
  const play = new Play().started();
  const data = rows(withAccounts(github, octocat));
  play.say({ type: "notification", method: "codestream/didChangeData", params: { type: "providers", data } });
  expect(play.state.providers).toEqual(data);
});

test("what third parties tell changes nothing that is shown", () => {
  const play = new Play().started(status(), rows(withAccounts(slack, octocat)));
  const before = { ...play.state };
  const activity = { id: "slack:Ev1", provider: "slack", kind: "message", at: 1, text: "hello" };
  for (const data of [[activity], [], null, "odd"]) {
    play.say({
      type: "notification",
      method: "codestream/didChangeData",
      params: { type: "activities", data },
    });
  }
  expect(play.state).toEqual({ ...before, now: play.state.now });
});

test("a disconnect is asked about first, and its result is told", () => {
  const play = new Play().started(status(), rows(withAccounts(github, octocat)));
  play.act({ do: "ask", asking: { what: "disconnect", providerId: github.providerId, who: "octocat" } });
  expect(play.requests("codestream/provider/disconnect")).toHaveLength(0);
  expect(play.act({ do: "unask" }).state.asking).toBeUndefined();
  play.act({ do: "ask", asking: { what: "disconnect", providerId: github.providerId, who: "octocat" } });
  play.act({ do: "confirm" }).answer("codestream/provider/disconnect", { revoked: "yes" });
  expect(play.state.notes[key]).toEqual({ kind: "disconnected", who: "octocat", result: { revoked: "yes" } });
  expect(play.state.said.text).toBe("octocat is disconnected. GitHub confirmed that the access has ended.");
});

test("a request that finds no session looks whether there is one", () => {
  const play = new Play().started().act({ do: "connect", providerId: github.providerId });
  const error: BridgeError = {
    code: -32803,
    message: "Sign in first.",
    data: { kind: "notSignedIn", retryable: false },
  };
  play.refuse("codestream/provider/connect", error).answer("codestream/status", signedOut);
  expect(pageOf(play)).toBe("signIn");
});

test("the clock rests when nothing moves", () => {
  const play = new Play().started();
  expect(needsClock(play.state)).toBe(false);
  play.act({ do: "copyReport" }).reply(play.command("copy").id, {});
  expect(needsClock(play.state)).toBe(true);
  expect(needsClock(play.later(2000).state)).toBe(false);
});

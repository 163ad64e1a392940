/** One press, from the click to its end. */
import { describe, expect, test } from "vitest";
import type { AttemptEnd } from "../../../protocol/bindings/AttemptEnd";
import { needsHint, shown } from "../src/select";
import { keyOf } from "../src/state";
import {
  attempt,
  github,
  MINUTE,
  newrelicByToken,
  NOW,
  octocat,
  rows,
  signedOut,
  slack,
  status,
  withAccounts,
} from "./fixtures";
import { Play } from "./play";

const key = keyOf("connect", github.providerId);
const begun = attempt(github);
const link = { attemptId: begun.attemptId, url: begun.url, expiresAt: begun.expiresAt };
const connect = { do: "connect", providerId: github.providerId } as const;
const pressed = () => new Play().started().act(connect);
const running = () => pressed().attempt(begun).answer("codestream/provider/connect", link);
const showing = ({ state }: Play) => shown(state, key, github).shows;

test("a press is seen at once and asks the agent", () => {
  const play = pressed();
  expect(showing(play)).toBe("pressed");
  expect(play.request("codestream/provider/connect").params).toEqual({ providerId: github.providerId });
  expect(play.state.said.text).toBe("GitHub: starting.");
});

test("a second press starts nothing and leads to the running attempt", () => {
  for (const play of [pressed(), running()]) {
    const before = play.posted.length;
    play.act(connect);
    expect(play.posted).toHaveLength(before);
    expect(play.effects).toEqual([{ do: "focus", region: github.providerId }]);
  }
});

test("the answer alone is enough to show the attempt", () => {
  const play = pressed().answer("codestream/provider/connect", link);
  expect(shown(play.state, key)).toEqual({ shows: "running", attempt: { ...begun, step: "opening" } });
});

test("a notification that is faster than the answer is not overwritten by it", () => {
  const play = pressed().attempt(begun).answer("codestream/provider/connect", link);
  expect(shown(play.state, key)).toEqual({ shows: "running", attempt: begun });
});

test("an end that is faster than the answer stays the end", () => {
  const end: AttemptEnd = { outcome: "failed", kind: "exchangeRefused" };
  const play = pressed().attempt({ ...begun, end });
  expect(showing(play)).toBe("ended");
  expect(showing(play.answer("codestream/provider/connect", link))).toBe("ended");
});

test("each step is said once", () => {
  const play = running();
  const { serial } = play.state.said;
  expect(play.state.said.text).toBe("GitHub: Waiting for you to approve at github.com");
  expect(play.attempt({ ...begun, url: "https://api.example.com/another" }).state.said.serial).toBe(serial);
  expect(play.attempt({ ...begun, step: "finishing" }).state.said.text).toContain("Approved");
});

test("cancelled before the agent has answered, it is cancelled as soon as it has a name", () => {
  const play = pressed().act({ do: "cancel", key });
  expect(play.requests("codestream/attempt/cancel")).toHaveLength(0);
  expect(shown(play.state, key)).toEqual({ shows: "pressed", cancelled: true });
  play.answer("codestream/provider/connect", link);
  expect(play.request("codestream/attempt/cancel").params).toEqual({ attemptId: begun.attemptId });
});

describe("ends", () => {
  const table: [string, AttemptEnd, { shows: string; note?: string; said: string }][] = [
    [
      "connected",
      { outcome: "connected", account: "octocat" },
      { shows: "nothing", note: "connected", said: "GitHub is connected as octocat." },
    ],
    [
      "cancelled",
      { outcome: "cancelled", kind: "cancelled" },
      { shows: "nothing", note: "cancelled", said: "Cancelled. Nothing was changed." },
    ],
    [
      "declined",
      { outcome: "failed", kind: "declined", message: "Whatever." },
      { shows: "ended", said: "You declined. Nothing was changed." },
    ],
    [
      "expired",
      { outcome: "expired", kind: "expired", message: "Nobody approved in time." },
      { shows: "ended", said: "Nobody approved in time." },
    ],
    [
      "failed",
      { outcome: "failed", kind: "exchangeRefused", message: "GitHub refused." },
      { shows: "ended", said: "GitHub refused." },
    ],
    [
      "failed without words",
      { outcome: "failed", kind: "rateLimited" },
      { shows: "ended", said: "Wait a moment, then try again." },
    ],
  ];
  test.each(table)("%s", (_, end, { shows, note, said }) => {
    const play = running().attempt({ ...begun, end });
    expect(showing(play)).toBe(shows);
    expect(play.state.notes[key]?.kind).toBe(note);
    expect(play.state.said.text).toBe(said);
  });
});

test("try again repeats the press, and the old end is gone", () => {
  const play = running()
    .attempt({ ...begun, end: { outcome: "expired" } })
    .act({ do: "tryAgain", key });
  expect(showing(play)).toBe("pressed");
  expect(play.requests("codestream/provider/connect")).toHaveLength(2);
});

test("what was closed does not come back with the next status", () => {
  const ended = { ...begun, end: { outcome: "expired" } } as const;
  const play = running().attempt(ended).act({ do: "dismiss", key }).act({ do: "refresh" });
  play.answer("codestream/status", status({ attempts: [ended] }));
  expect(showing(play)).toBe("nothing");
});

test("after a reload what runs is there again, and of what ended only what can still be mended", () => {
  const table: [AttemptEnd | undefined, string][] = [
    [undefined, "running"],
    [{ outcome: "expired" }, "ended"],
    [{ outcome: "failed", kind: "internal" }, "ended"],
    [{ outcome: "failed", kind: "declined" }, "nothing"],
    [{ outcome: "cancelled" }, "nothing"],
    [{ outcome: "connected" }, "nothing"],
  ];
  for (const [end, shows] of table) {
    const told = { ...begun, ...(end && { end }) };
    expect(showing(new Play().started(status({ attempts: [told] })))).toBe(shows);
  }
});

test("a failure is forgotten once the service is connected, be it from another window", () => {
  const play = running().attempt({ ...begun, end: { outcome: "expired" } });
  const row = withAccounts(github, { who: "octocat", since: NOW + 1 });
  expect(shown(play.state, key, row).shows).toBe("nothing");
  expect(shown(play.state, key, withAccounts(github, octocat)).shows).toBe("ended");
});

test("an attempt of another person's account says whose place it took", () => {
  const play = new Play().started(status(), rows(withAccounts(github, octocat)));
  play.act({ do: "ask", asking: { what: "reconnect", providerId: github.providerId, who: "octocat" } });
  expect(play.requests("codestream/provider/connect")).toHaveLength(0);
  play.act({ do: "confirm" }).attempt(begun);
  play.attempt({ ...begun, end: { outcome: "connected", account: "hubot" } });
  expect(play.state.notes[key]).toEqual({ kind: "connected", who: "hubot", was: "octocat" });
});

test("a workspace is reconnected as that workspace", () => {
  const play = new Play().started();
  play.act({ do: "connect", providerId: slack.providerId, providerTeamId: "T0A", was: "mona" });
  expect(play.request("codestream/provider/connect").params).toEqual({
    providerId: slack.providerId,
    providerTeamId: "T0A",
  });
});

test("different services are connected beside each other", () => {
  const other = attempt(slack, { attemptId: "another" });
  const play = running().act({ do: "connect", providerId: slack.providerId }).attempt(other);
  expect(showing(play)).toBe("running");
  expect(shown(play.state, keyOf("connect", slack.providerId)).shows).toBe("running");
});

test("a superseded attempt does not take the place of the newer one", () => {
  const newer = { ...begun, attemptId: "newer", startedAt: NOW + MINUTE };
  const play = running()
    .attempt(newer)
    .attempt({ ...begun, end: { outcome: "superseded" } });
  expect(shown(play.state, key)).toEqual({ shows: "running", attempt: newer });
});

test("a refused press says why and can be tried again", () => {
  const error = {
    code: -32803,
    message: "Not set up.",
    data: { kind: "providerNotConfigured", retryable: false },
  } as const;
  const play = pressed().refuse("codestream/provider/connect", error);
  expect(showing(play)).toBe("nothing");
  expect(play.state.notes[key]).toEqual({ kind: "problem", doing: "press", error });
  expect(showing(play.act({ do: "tryAgain", key }))).toBe("pressed");
  expect(play.state.notes[key]).toBeUndefined();
});

test("a sign-up asks for a sign-up, a sign-in does not", () => {
  const play = new Play().started(signedOut);
  play.act({ do: "signIn", providerId: github.providerId, signup: true });
  expect(play.request("codestream/login/sso").params).toEqual({ provider: "github", signup: true });
  const other = new Play()
    .started(signedOut)
    .act({ do: "signIn", providerId: slack.providerId, signup: false });
  expect(other.request("codestream/login/sso").params).toEqual({ provider: "slack", signup: false });
});

test("a token in place of an attempt ends the attempt", () => {
  const play = running().act({ do: "useToken", key });
  play.reply(play.command("useToken").id, { cancelled: true });
  expect(play.requests("codestream/attempt/cancel")).toHaveLength(0);
  play.act({ do: "useToken", key });
  play.reply(play.command("useToken").id, {});
  expect(play.request("codestream/attempt/cancel").params).toEqual({ attemptId: begun.attemptId });
});

test("the hint comes after 20 s and goes with the approval", () => {
  expect(needsHint(begun, NOW + 19_999)).toBe(false);
  expect(needsHint(begun, NOW + 20_000)).toBe(true);
  expect(needsHint({ ...begun, step: "finishing" }, NOW + 20_000)).toBe(false);
});

test("another way takes the place of an attempt that has failed, and leaves one that runs", () => {
  for (const act of [
    { do: "useToken", key },
    { do: "addHost", providerId: github.providerId },
  ] as const) {
    const declined = { ...begun, end: { outcome: "failed", kind: "declined" } } as const;
    expect(showing(running().attempt(declined).act(act))).toBe("nothing");
    expect(showing(running().act(act))).toBe("running");
  }
});

describe("a service that takes a token only", () => {
  const { providerId } = newrelicByToken;
  const byToken = keyOf("connect", providerId);
  const lost = { ...octocat, error: "invalid_grant" };
  const started = (...accounts: (typeof octocat)[]) =>
    new Play().started(status(), rows(withAccounts(newrelicByToken, ...accounts)));
  const asksForToken = (play: Play) => {
    expect(play.command("useToken").args).toEqual({ providerId });
    expect(play.requests("codestream/provider/connect")).toHaveLength(0);
    expect(shown(play.state, byToken).shows).toBe("nothing");
  };

  test("Connect, Reconnect of a lost access, and Try again open the token box", () => {
    asksForToken(started().act({ do: "connect", providerId }));
    asksForToken(started(lost).act({ do: "connect", providerId, was: "octocat" }));
    asksForToken(started(lost).act({ do: "tryAgain", key: byToken }));
  });

  test("Reconnect of an account that works asks first, then opens the token box", () => {
    const asking = { what: "reconnect", providerId, who: "octocat" } as const;
    const play = started(octocat).act({ do: "ask", asking });
    expect(() => play.command("useToken")).toThrow();
    asksForToken(play.act({ do: "confirm" }));
    expect(play.state.asking).toBeUndefined();
  });

  test("a second press opens no second box, and one after it was closed does", () => {
    const press = { do: "connect", providerId } as const;
    const play = started(lost).act(press).act(press);
    const opened = () => play.posted.filter((message) => message.type === "command");
    expect(opened()).toHaveLength(1);
    play.reply(play.command("useToken").id, { cancelled: true }).act(press);
    expect(opened()).toHaveLength(2);
  });

  test("a taken token is said and the accounts are asked for anew; a refused one says why", () => {
    const pressed = () => started(lost).act({ do: "connect", providerId });
    const taken = pressed();
    const before = taken.requests("codestream/provider/list").length;
    taken.reply(taken.command("useToken").id, {});
    expect(taken.state.notes[byToken]).toEqual({ kind: "connected" });
    expect(taken.requests("codestream/provider/list")).toHaveLength(before + 1);
    const refused = pressed();
    const error = { code: -32803, message: "No.", data: { kind: "tokenRevoked", retryable: false } } as const;
    refused.say({ type: "response", id: refused.command("useToken").id, error });
    expect(refused.state.notes[byToken]).toEqual({ kind: "problem", doing: "useToken", error });
  });
});

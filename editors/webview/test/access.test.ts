/** Ways to sign in, sessions, and the attempt that adds a way to sign in. */
import { describe, expect, test } from "vitest";
import type { BridgeError } from "../src/bridge";
import { forLink, linkKeys, page, shown } from "../src/select";
import { keyOf } from "../src/state";
import {
  attempt,
  github,
  gitlab,
  identities,
  identity,
  newrelicByToken,
  octocat,
  provider,
  rows,
  session,
  sessionRow,
  sessions,
  signedOut,
  status,
  withAccounts,
} from "./fixtures";
import { Play } from "./play";

const key = keyOf("link", github.providerId);
const begun = attempt(github, { kind: "link" });
const confirming = { ...begun, step: "confirming", account: "eve" } as const;
const link = { attemptId: begun.attemptId, url: begun.url, expiresAt: begun.expiresAt };
const pressed = () => new Play().started().act({ do: "link", providerId: github.providerId });
const running = () => pressed().attempt(begun).answer("codestream/login/link", link);
const opened = () =>
  new Play()
    .started()
    .act({ do: "openAccess" })
    .answer("codestream/login/identities", { identities })
    .answer("codestream/session/list", { sessions });
const error = (message: string, kind: "forbidden" | "serverUnreachable" = "forbidden"): BridgeError => ({
  code: -32803,
  message,
  data: { kind, retryable: false },
});

describe("a link attempt", () => {
  test("is an attempt of its own: it links, and connects nothing", () => {
    const play = running();
    expect(play.request("codestream/login/link").params).toEqual({ provider: github.providerId });
    expect(play.requests("codestream/provider/connect")).toHaveLength(0);
    expect(linkKeys(play.state)).toEqual([key]);
    expect(shown(play.state, keyOf("connect", github.providerId)).shows).toBe("nothing");
  });

  test("asks with the account's name, and says so once", () => {
    const play = running().attempt(confirming);
    expect(play.state.said.text).toBe("Let eve at GitHub sign in as you?");
    const { serial } = play.state.said;
    expect(play.attempt({ ...confirming }).state.said.serial).toBe(serial);
    expect(play.requests("codestream/attempt/confirm")).toHaveLength(0);
  });

  test("is confirmed by a press, and by nothing before the account is known", () => {
    const early = running().act({ do: "allow", key });
    expect(early.requests("codestream/attempt/confirm")).toHaveLength(0);
    const play = running().attempt(confirming).act({ do: "allow", key });
    expect(play.request("codestream/attempt/confirm").params).toEqual({ attemptId: begun.attemptId });
  });

  test("is given up by Cancel", () => {
    const play = running().attempt(confirming).act({ do: "cancel", key });
    expect(play.request("codestream/attempt/cancel").params).toEqual({ attemptId: begun.attemptId });
    expect(play.requests("codestream/attempt/confirm")).toHaveLength(0);
  });

  test("that ends well says who can sign in, and the open page lists it", () => {
    const play = opened().act({ do: "link", providerId: github.providerId }).attempt(confirming);
    play.attempt({ ...confirming, end: { outcome: "connected", account: "eve" } });
    expect(play.state.said.text).toBe("eve at GitHub can now sign in as you.");
    expect(play.state.notes[key]).toEqual({ kind: "linked", who: "eve" });
    expect(play.requests("codestream/login/identities")).toHaveLength(2);
  });

  test("a name of another direction cannot reorder the question", () => {
    const name = "\u202Eeve\u2069 \u05D0\u05D1";
    const play = running().attempt({ ...confirming, account: name });
    expect(play.state.said.text).toBe("Let \u2068eve \u05D0\u05D1\u2069 at GitHub sign in as you?");
  });

  test("a failure to confirm is told while it runs, and not after its end", () => {
    const refused = error("GitHub doesn't answer.", "serverUnreachable");
    const play = running().attempt(confirming).act({ do: "allow", key });
    play.refuse("codestream/attempt/confirm", refused);
    expect(play.state.notes[key]).toEqual({ kind: "problem", doing: "confirm", error: refused });
    const late = running().attempt(confirming).act({ do: "allow", key });
    late.attempt({ ...confirming, end: { outcome: "expired" } });
    late.refuse("codestream/attempt/confirm", refused);
    expect(late.state.notes[key]).toBeUndefined();
  });

  test("runs on while the services are shown, and is forgotten at a sign-out", () => {
    const play = running().attempt(confirming).act({ do: "openAccess" });
    expect(linkKeys(play.state)).toEqual([key]);
    play.act({ do: "closeAccess" });
    expect(page(play.state).page).toBe("services");
    expect(linkKeys(play.state)).toEqual([key]);
    play.say({ type: "notification", method: "codestream/didLogout", params: { reason: "sessionEnded" } });
    expect(linkKeys(play.state)).toEqual([]);
  });

  test("is offered of services that prove who somebody is and can be signed in with", () => {
    const old = provider("gitlab", "GitLab", "git.example.com", [], { added: true, reAdd: true });
    const play = new Play().started(status(), [github, newrelicByToken, old]);
    expect(forLink(play.state)).toEqual([github]);
  });
});

test("a note of an attempt is said when it comes", () => {
  const play = running().attempt({ ...begun, note: "The link was opened in another browser." });
  expect(play.state.said.text).toBe("GitHub: The link was opened in another browser.");
});

describe("a link to copy", () => {
  test("is a fresh one, and opens no browser", () => {
    const play = running().act({ do: "copyLink", key });
    expect(play.request("codestream/attempt/reopen").params).toEqual({
      attemptId: begun.attemptId,
      open: false,
    });
    play.answer("codestream/attempt/reopen", { url: "https://api.example.com/fresh" });
    expect(play.command("copy").args).toEqual({ text: "https://api.example.com/fresh" });
    play.reply(play.command("copy").id, {});
    expect(play.state.copied?.what).toBe(`link:${key}`);
  });

  test("that cannot be had is told, and nothing is copied", () => {
    const play = running().act({ do: "copyLink", key });
    const refused = error("The server doesn't answer.", "serverUnreachable");
    play.refuse("codestream/attempt/reopen", refused);
    expect(play.state.notes[key]).toEqual({ kind: "problem", doing: "copyLink", error: refused });
    expect(() => play.command("copy")).toThrow();
    expect(play.state.said.text).toBe("The server doesn't answer.");
  });
});

describe("the page about the account", () => {
  test("opens with a press, asks for both lists, and leads back", () => {
    const play = opened();
    expect(page(play.state).page).toBe("access");
    expect(play.state.access).toEqual({ identities, sessions, results: {} });
    play.act({ do: "closeAccess" });
    expect(page(play.state).page).toBe("services");
    expect(play.effects).toContainEqual({ do: "focus", region: "session" });
  });

  test("a way to sign in is removed after a question, and gone at once", () => {
    const [, second] = identities;
    const asking = { what: "unlink", identityId: second?.identityId ?? "" } as const;
    const play = opened().act({ do: "ask", asking });
    expect(play.requests("codestream/login/unlink")).toHaveLength(0);
    play.act({ do: "confirm" });
    expect(play.request("codestream/login/unlink").params).toEqual({ identityId: second?.identityId });
    play.answer("codestream/login/unlink", {});
    expect(play.state.said.text).toBe("mona@example.com at GitLab can't sign in as you anymore.");
    expect(play.state.access?.identities).toEqual([identity(github)]);
  });

  test("a refusal is told in its part", () => {
    const refused = error("This is your only way to sign in.");
    const asking = { what: "unlink", identityId: identity(github).identityId } as const;
    const play = opened().act({ do: "ask", asking }).act({ do: "confirm" });
    play.refuse("codestream/login/unlink", refused);
    expect(play.state.access?.results).toEqual({ identities: { good: false, error: refused } });
    expect(play.state.access?.identities).toEqual(identities);
  });

  test("one session is ended with a press, once", () => {
    const play = opened()
      .act({ do: "endSession", sessionId: "session-there" })
      .act({ do: "endSession", sessionId: "session-there" });
    expect(play.requests("codestream/session/end")).toHaveLength(1);
    expect(play.request("codestream/session/end").params).toEqual({ sessionId: "session-there" });
    play.answer("codestream/session/end", { ended: 1 });
    expect(play.state.said.text).toBe("Signed out of 1 session.");
    expect(play.requests("codestream/session/list")).toHaveLength(2);
  });

  test("all others are ended after a question", () => {
    const play = opened().act({ do: "ask", asking: { what: "endOthers" } });
    expect(play.requests("codestream/session/end")).toHaveLength(0);
    play.act({ do: "confirm" });
    expect(play.request("codestream/session/end").params).toEqual({});
    play.answer("codestream/session/end", { ended: 2 });
    expect(play.state.access?.results).toEqual({
      sessions: { good: true, text: "Signed out of 2 sessions." },
    });
  });

  test("lists that cannot be had are told, and asked for again", () => {
    const play = new Play().started().act({ do: "openAccess" });
    const refused = error("The server doesn't answer.", "serverUnreachable");
    play.refuse("codestream/session/list", refused);
    expect(play.state.access?.results).toEqual({ sessions: { good: false, error: refused } });
    play
      .act({ do: "list", part: "sessions" })
      .answer("codestream/session/list", { sessions: [sessionRow()] });
    expect(play.state.access?.results).toEqual({});
    expect(play.state.access?.sessions).toEqual([sessionRow()]);
  });

  test("is asked for anew when the agent is back, and closed with the session", () => {
    const play = opened().say({ type: "agent", status: "restarting" });
    play.say({ type: "agent", status: "running" });
    expect(play.requests("codestream/session/list")).toHaveLength(2);
    play.say({ type: "notification", method: "codestream/didLogout", params: { reason: "sessionEnded" } });
    expect(play.state.access).toBeUndefined();
    play.answer("codestream/session/list", { sessions }).answer("codestream/status", signedOut);
    expect(play.state.access).toBeUndefined();
    const again = play.say({
      type: "notification",
      method: "codestream/didLogin",
      params: { session: { ...session, serverUrl: "https://api.example.com" }, signupStatus: "signedIn" },
    });
    expect(page(again.state).page).toBe("services");
  });
});

describe("self-hosted services", () => {
  const hosted = withAccounts(
    provider("github", "GitHub", "git.example.com", [], {
      added: true,
      redirectUri: "https://api.example.com/no-auth/provider-token/github/git*example*com",
    }),
    octocat,
  );
  const { providerId, redirectUri = "" } = hosted;
  const own = keyOf("connect", providerId);

  test("one that was added with an app says which redirect URL to register, and copies it", () => {
    const play = new Play().started().act({ do: "addHost", providerId: github.providerId });
    play.reply(play.command("addHost").id, { providerId, redirectUri });
    play.answer("codestream/provider/list", { providers: rows(hosted) });
    expect(play.state.notes[own]).toEqual({ kind: "added", redirectUri });
    play.act({ do: "copyRedirect", providerId });
    expect(play.command("copy").args).toEqual({ text: redirectUri });
  });

  test("one is added again at its own address", () => {
    const play = new Play().started(status(), rows(hosted));
    play.act({ do: "addHost", providerId: github.providerId, host: "git.example.com" });
    expect(play.command("addHost").args).toEqual({
      providerId: github.providerId,
      host: "git.example.com",
    });
  });

  test("removing one that others use asks a second time, with their names", () => {
    const affected = ["Ada", "Grace", "Linus"];
    const play = new Play().started(status(), rows(hosted));
    play.act({ do: "ask", asking: { what: "remove", providerId, who: "git.example.com" } });
    play.act({ do: "confirm" });
    expect(play.request("codestream/provider/remove").params).toEqual({ providerId });
    const { data } = error("");
    play.refuse("codestream/provider/remove", {
      ...error("Others have accounts there."),
      data: { kind: "forbidden", retryable: false, ...data, affected },
    });
    expect(play.state.said.text).toBe(
      "This also disconnects Ada and 2 others at git.example.com. Remove it anyway?",
    );
    expect(play.requests("codestream/provider/remove")).toHaveLength(1);
    play.act({ do: "confirm" });
    expect(play.request("codestream/provider/remove").params).toEqual({ providerId, confirmed: true });
  });

  test("a refusal that affects nobody is a refusal", () => {
    const play = new Play().started(status(), rows(hosted));
    play.act({ do: "ask", asking: { what: "remove", providerId, who: "git.example.com" } });
    play.act({ do: "confirm" }).refuse("codestream/provider/remove", error("Only its owner may remove it."));
    expect(play.state.asking).toBeUndefined();
    expect(play.state.notes[own]).toMatchObject({ kind: "problem", doing: "remove" });
  });
});

test("a disconnect says that the account can still sign in", () => {
  const play = new Play().started(status(), rows(withAccounts(gitlab, octocat)));
  play.act({ do: "ask", asking: { what: "disconnect", providerId: gitlab.providerId, who: "octocat" } });
  play.act({ do: "confirm" }).answer("codestream/provider/disconnect", { revoked: "yes", signsIn: true });
  expect(play.state.said.text).toContain("This account can still sign in as you.");
});

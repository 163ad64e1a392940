/** What the agent and the host answer. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { Disconnected } from "../../../../protocol/bindings/Disconnected";
import type { Reopened } from "../../../../protocol/bindings/Reopened";
import type { SessionsEnded } from "../../../../protocol/bindings/SessionsEnded";
import type { Started } from "../../../../protocol/bindings/Started";
import type { Status } from "../../../../protocol/bindings/Status";
import type { BridgeError, Commanded, Provider, ResponseMessage } from "../bridge";
import { affectedQuestion, disconnectedText } from "../text";
import { failed, listed, sessionsEnded, unlinked } from "./access";
import { retryDelay } from "./clock";
import { keyOf, type Doing, type Key, type Pending, type Turn } from "./model";
import { attemptOf, command, keep, note, providerName, request, runs, say, set, unset } from "./turn";

/** For how long "Copied" is shown. */
const COPIED = 2_000;
/** JSON-RPC `RequestCancelled`. */
const CANCELLED = -32800;

export function answer(turn: Turn, message: ResponseMessage): void {
  const { [message.id]: pending, ...others } = turn.state.pending;
  // An answer from before a restart has nobody waiting for it.
  if (!pending) return;
  set(turn, { pending: others });
  if ("error" in message) refused(turn, pending, message.error);
  else granted(turn, pending, message.result);
}

function granted(turn: Turn, pending: Pending, result: unknown): void {
  switch (pending.for) {
    case "status":
      status(turn, result as Status);
      return;
    case "list":
      unset(turn, "trouble");
      // Who is known to be signed in has the rows of before until the server has spoken, and not those of nobody.
      if (turn.state.agent.resuming && turn.state.session && turn.state.providers) return;
      set(turn, { providers: (result as { providers: Provider[] }).providers });
      return;
    case "press":
      started(turn, pending.key, result as Started);
      return;
    case "disconnect": {
      const outcome = result as Disconnected;
      note(turn, keyOf("connect", pending.providerId), {
        kind: "disconnected",
        who: pending.who,
        result: outcome,
      });
      say(turn, disconnectedText(outcome, pending.who, providerName(turn.state, pending.providerId)));
      return;
    }
    case "remove":
      say(turn, `${providerName(turn.state, pending.providerId)} was removed.`);
      request(turn, "codestream/provider/list", {}, { for: "list" });
      return;
    case "useToken":
      if ((result as Commanded).cancelled) return;
      if (runs(turn.state, pending.key)) {
        const attempt = attemptOf(turn.state, pending.key);
        if (attempt) {
          const { attemptId } = attempt;
          request(turn, "codestream/attempt/cancel", { attemptId }, { for: "cancel", attemptId });
        }
      }
      note(turn, pending.key, { kind: "connected" });
      say(turn, "Connected with your token.");
      request(turn, "codestream/provider/list", {}, { for: "list" });
      return;
    case "addHost":
      added(turn, result as Commanded);
      return;
    case "identities":
    case "sessions":
      listed(turn, pending.for, result);
      return;
    case "unlink":
      unlinked(turn, pending.identityId);
      return;
    case "endSession":
      sessionsEnded(turn, result as SessionsEnded);
      return;
    case "copyLink":
      command(turn, "copy", { text: (result as Reopened).url }, { for: "copy", what: `link:${pending.key}` });
      return;
    case "copy":
      set(turn, { copied: { what: pending.what, until: turn.state.now + COPIED } });
      say(turn, "Copied.");
      return;
    case "cancel":
    case "reopen":
    case "confirm":
    case "logout":
    case "nothing":
      return;
  }
}

function added(turn: Turn, { cancelled, providerId, redirectUri }: Commanded): void {
  if (cancelled) return;
  if (providerId !== undefined && redirectUri !== undefined) {
    note(turn, keyOf("connect", providerId), { kind: "added", redirectUri });
    say(turn, "The self-hosted service was added. Register its redirect URL in the app.");
  } else {
    say(turn, "The self-hosted service was added.");
  }
  request(turn, "codestream/provider/list", {}, { for: "list" });
}

function status(turn: Turn, status: Status): void {
  set(turn, { server: status.server });
  if (status.way) set(turn, { way: status.way });
  else unset(turn, "way");
  if (status.session) set(turn, { session: status.session });
  else if (!turn.state.agent.resuming) unset(turn, "session");
  if (status.connection !== turn.state.connection.status) {
    set(turn, { connection: { status: status.connection, since: turn.state.now } });
  }
  const named = new Set(status.attempts.map((attempt) => attempt.attemptId));
  set(turn, { attempts: turn.state.attempts.filter((one) => one.end ?? named.has(one.attemptId)) });
  for (const attempt of status.attempts) if (worthShowing(attempt)) keep(turn, attempt);
}

/** Of what ended before the view was there, only what a person can still act on. */
function worthShowing({ end }: Attempt): boolean {
  if (!end) return true;
  return (end.outcome === "failed" && end.kind !== "declined") || end.outcome === "expired";
}

function started(turn: Turn, key: Key, { attemptId, url, expiresAt }: Started): void {
  const press = turn.state.presses[key];
  if (!press) return;
  set(turn, { presses: { ...turn.state.presses, [key]: { ...press, attemptId } } });
  // Its notification may have been faster.
  const known = attemptOf(turn.state, key);
  if (known?.attemptId !== attemptId && !known?.end) {
    const { kind, provider, providerId, at } = press;
    const host = turn.state.providers?.find((row) => row.providerId === providerId)?.host ?? providerId;
    const step = "opening";
    keep(turn, { attemptId, kind, provider, providerId, step, host, url, startedAt: at, expiresAt });
  }
  if (press.cancelled)
    request(turn, "codestream/attempt/cancel", { attemptId }, { for: "cancel", attemptId });
}

function refused(turn: Turn, pending: Pending, error: BridgeError): void {
  switch (pending.for) {
    case "status":
    case "list":
      trouble(turn, error);
      return;
    case "press":
      if (turn.state.presses[pending.key]?.cancelled || error.code === CANCELLED) {
        note(turn, pending.key, { kind: "cancelled" });
        say(turn, "Cancelled. Nothing was changed.");
        return;
      }
      // The newer press has the row.
      if (error.data?.kind === "superseded") return;
      problem(turn, pending.key, "press", error);
      return;
    case "remove": {
      const affected = error.data?.affected ?? [];
      if (error.data?.kind === "forbidden" && affected.length > 0) {
        const { providerId, host } = pending;
        set(turn, { asking: { what: "removeForAll", providerId, who: host, affected } });
        say(turn, affectedQuestion(affected, host));
        turn.effects.push({ do: "focus", region: providerId });
        return;
      }
      problem(turn, keyOf("connect", pending.providerId), pending.for, error);
      return;
    }
    case "disconnect":
    case "addHost":
      problem(turn, keyOf("connect", pending.providerId), pending.for, error);
      return;
    case "identities":
    case "unlink":
      failed(turn, "identities", error);
      return;
    case "sessions":
    case "endSession":
      failed(turn, "sessions", error);
      return;
    case "useToken":
      problem(turn, pending.key, "useToken", error);
      return;
    case "reopen":
    case "copyLink":
    case "confirm":
      // Of an attempt that has ended meanwhile its end is told.
      if (attemptOf(turn.state, pending.key)?.attemptId !== pending.attemptId) return;
      if (!runs(turn.state, pending.key)) return;
      problem(turn, pending.key, pending.for, error);
      return;
    case "logout":
    case "copy":
    case "nothing":
      set(turn, { banner: { kind: "problem", error } });
      say(turn, error.message);
      return;
    case "cancel":
      // It has ended meanwhile, and its end is told by a notification.
      return;
  }
}

function problem(turn: Turn, key: Key, doing: Doing, error: BridgeError): void {
  note(turn, key, { kind: "problem", doing, error });
  say(turn, error.message);
  if (error.data?.kind === "notSignedIn") request(turn, "codestream/status", {}, { for: "status" });
}

function trouble(turn: Turn, error: BridgeError): void {
  const tries = (turn.state.trouble?.tries ?? 0) + 1;
  const retryAt = turn.state.now + retryDelay(tries);
  if (turn.state.trouble?.error.message !== error.message) say(turn, error.message);
  set(turn, { trouble: { error, tries, ...(error.data?.retryable !== false && { retryAt }) } });
}

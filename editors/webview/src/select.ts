/** What of the state is shown where. Pure. */
import type { Attempt } from "../../../protocol/bindings/Attempt";
import type { BridgeError, Provider } from "./bridge";
import { attemptOf, kindOf, runs } from "./state/turn";
import { endText, failing } from "./text";
import { keyOf, type Asking, type Key, type State } from "./state/model";

/** The whole of the view. */
export type Page =
  | { page: "starting" }
  | { page: "failed"; message?: string }
  | { page: "notConfigured" }
  | { page: "trouble"; error: BridgeError }
  | { page: "loading" }
  | { page: "signIn" }
  | { page: "services" }
  | { page: "access" };

export function page(state: State): Page {
  const { agent, server, trouble, providers, session } = state;
  if (agent.status === "failed") {
    return agent.message === undefined ? { page: "failed" } : { page: "failed", message: agent.message };
  }
  if (server === "" || trouble?.error.data?.kind === "notConfigured") return { page: "notConfigured" };
  if (agent.status !== "running" && !providers) return { page: "starting" };
  if (trouble && (!providers || !session)) return { page: "trouble", error: trouble.error };
  if (!providers || server === undefined || (agent.resuming && !session)) return { page: "loading" };
  if (!session) return { page: "signIn" };
  return state.access ? { page: "access" } : { page: "services" };
}

/** How long the channel may be away before it is worth a word. */
const APART = 2_000;

/** Whether the view says that it is cut off. */
export function isApart({ session, connection, agent, now }: State): boolean {
  if (agent.status !== "running") return false;
  return session !== undefined && connection.status !== "reconnected" && now - connection.since >= APART;
}

/** What a service's place shows of an attempt. */
export type Shown =
  | { shows: "nothing" }
  /** Pressed; the agent has not answered yet. */
  | { shows: "pressed"; cancelled: boolean }
  | { shows: "running"; attempt: Attempt }
  | { shows: "ended"; attempt: Attempt };

export function shown(state: State, key: Key, row?: Provider): Shown {
  const attempt = attemptOf(state, key);
  if (attempt && !attempt.end) return { shows: "running", attempt };
  if (runs(state, key)) return { shows: "pressed", cancelled: state.presses[key]?.cancelled ?? false };
  if (!attempt?.end) return { shows: "nothing" };
  const { outcome } = attempt.end;
  if (outcome !== "failed" && outcome !== "expired") return { shows: "nothing" };
  // It was connected since, perhaps in another window.
  const since = row?.accounts.some((account) => !account.error && account.since > attempt.startedAt);
  return since ? { shows: "nothing" } : { shows: "ended", attempt };
}

/** Whether a Try again stands in for the first press. */
export function offersAgain(state: State, key: Key, now: Shown): boolean {
  if (now.shows === "ended" && now.attempt.end) return endText(now.attempt.end, "", now.attempt.kind).again;
  const noted = state.notes[key];
  return noted?.kind === "problem" && noted.doing === "press" && failing(noted.error.data?.kind).again;
}

/** When a person is told what to do if no page came up. */
const HINT = 20_000;

export function needsHint(attempt: Attempt, now: number): boolean {
  return (attempt.step === "opening" || attempt.step === "waiting") && now - attempt.startedAt >= HINT;
}

/** Whether a second account of this service goes beside the first. */
export function takesSeveral(row: Provider): boolean {
  return row.accounts.some((account) => account.providerTeamId !== undefined);
}

export function isDisconnecting(
  state: State,
  providerId: string,
  providerTeamId: string | undefined,
): boolean {
  return Object.values(state.pending).some(
    (pending) =>
      pending.for === "disconnect" &&
      pending.providerId === providerId &&
      pending.providerTeamId === providerTeamId,
  );
}

export function isRemoving(state: State, providerId: string): boolean {
  return Object.values(state.pending).some(
    (pending) => pending.for === "remove" && pending.providerId === providerId,
  );
}

export function isWaitingFor(
  state: State,
  what: "logout" | "useToken" | "list" | "identities" | "sessions",
  key?: Key,
): boolean {
  return Object.values(state.pending).some(
    (pending) => pending.for === what && (!("key" in pending) || key === undefined || pending.key === key),
  );
}

/** What is asked about a service, or about one account of it. */
export function askedAbout(
  state: State,
  providerId: string,
): Extract<Asking, { providerId: string }> | undefined {
  const { asking } = state;
  return asking && "providerId" in asking && asking.providerId === providerId ? asking : undefined;
}

/** Ways to sign in that are being added, or whose end is still shown. */
export function linkKeys(state: State): Key[] {
  const keys = [
    ...state.attempts.map((attempt) => keyOf(attempt.kind, attempt.providerId)),
    ...Object.keys(state.presses),
    ...Object.keys(state.notes),
  ] as Key[];
  return [...new Set(keys)].filter(
    (key) =>
      kindOf(key) === "link" && (shown(state, key).shows !== "nothing" || state.notes[key] !== undefined),
  );
}

/** The services that a way to sign in can be added of. */
export function forLink(state: State): Provider[] {
  return (state.providers ?? []).filter(
    (row) => row.canSignUp && row.tokenOnly !== true && row.reAdd !== true,
  );
}

/** The row that self-hosted services of a row's kind are added from. */
export function kindRow(state: State, row: Provider): Provider | undefined {
  return state.providers?.find((one) => one.name === row.name && one.canAddHost === true);
}

/** Connected ones first, each part in the agent's order. */
export function sections(providers: readonly Provider[]): { connected: Provider[]; others: Provider[] } {
  return {
    connected: providers.filter((row) => row.accounts.length > 0),
    others: providers.filter((row) => row.accounts.length === 0),
  };
}

/** The services that can prove who somebody is. */
export function forSignIn(state: State): Provider[] {
  return (state.providers ?? []).filter(
    (row) => row.canSignUp || shown(state, keyOf("signIn", row.providerId)).shows !== "nothing",
  );
}

/** Whether a request about an attempt is on its way. */
export function isAsked(
  state: State,
  what: "reopen" | "copyLink" | "confirm" | "cancel",
  attempt: Attempt,
): boolean {
  return Object.values(state.pending).some(
    (pending) => pending.for === what && pending.attemptId === attempt.attemptId,
  );
}

export function isUnlinking(state: State, identityId: string): boolean {
  return Object.values(state.pending).some(
    (pending) => pending.for === "unlink" && pending.identityId === identityId,
  );
}

/** Without an id: all others. */
export function isEnding(state: State, sessionId?: string): boolean {
  return Object.values(state.pending).some(
    (pending) => pending.for === "endSession" && pending.sessionId === sessionId,
  );
}

/** Ways to sign in and sessions: what the person does with them, and what the agent answers. */
import type { Identities } from "../../../../protocol/bindings/Identities";
import type { SessionList } from "../../../../protocol/bindings/SessionList";
import type { SessionsEnded } from "../../../../protocol/bindings/SessionsEnded";
import type { BridgeError } from "../bridge";
import { endedText, identityText } from "../text";
import type { Access, Part, Turn } from "./model";
import { listAccess, request, say, set, unset, waits } from "./turn";

export function openAccess(turn: Turn): void {
  if (!turn.state.access) set(turn, { access: { results: {} } });
  unset(turn, "asking", "banner");
  listAccess(turn, "identities", "sessions");
  turn.effects.push({ do: "focus" });
}

export function closeAccess(turn: Turn): void {
  unset(turn, "access", "asking");
  turn.effects.push({ do: "focus", region: "session" });
}

export function unlink(turn: Turn, identityId: string): void {
  result(turn, "identities", undefined);
  request(turn, "codestream/login/unlink", { identityId }, { for: "unlink", identityId });
}

/** Ends one session, or all but this one. */
export function endSession(turn: Turn, sessionId?: string): void {
  // A second press while the first one is on its way.
  const same = waits(
    turn.state,
    (pending) => pending.for === "endSession" && pending.sessionId === sessionId,
  );
  if (same) return;
  result(turn, "sessions", undefined);
  const one = sessionId === undefined ? {} : { sessionId };
  request(turn, "codestream/session/end", one, { for: "endSession", ...one });
}

export function listed(turn: Turn, part: Part, answer: unknown): void {
  if (part === "identities") {
    change(turn, { identities: (answer as Identities).identities });
  } else {
    change(turn, { sessions: (answer as SessionList).sessions });
  }
}

export function unlinked(turn: Turn, identityId: string): void {
  const gone = turn.state.access?.identities?.find((one) => one.identityId === identityId);
  if (gone) succeeded(turn, "identities", `${identityText(gone)} can't sign in as you anymore.`);
  const identities = turn.state.access?.identities?.filter((one) => one !== gone);
  if (identities) change(turn, { identities });
  listAccess(turn, "identities");
}

export function sessionsEnded(turn: Turn, answer: SessionsEnded): void {
  succeeded(turn, "sessions", endedText(answer.ended));
  listAccess(turn, "sessions");
}

/** Told where it was done. */
export function failed(turn: Turn, part: Part, error: BridgeError): void {
  result(turn, part, { good: false, error });
  say(turn, error.message);
  if (error.data?.kind === "notSignedIn") request(turn, "codestream/status", {}, { for: "status" });
}

function succeeded(turn: Turn, part: Part, text: string): void {
  result(turn, part, { good: true, text });
  say(turn, text);
}

export function result(turn: Turn, part: Part, about: Access["results"][Part]): void {
  const others = Object.entries(turn.state.access?.results ?? {}).filter(([other]) => other !== part);
  change(turn, { results: Object.fromEntries(about ? [...others, [part, about]] : others) });
}

/** A page that was closed meanwhile stays closed. */
function change(turn: Turn, part: Partial<Access>): void {
  const { access } = turn.state;
  if (access) set(turn, { access: { ...access, ...part } });
}

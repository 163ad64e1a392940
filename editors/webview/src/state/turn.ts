/** The moves that a turn is made of. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { AttemptKind } from "../../../../protocol/bindings/AttemptKind";
import type { CommandMessage, CommandName, Commands, Method, RequestMessage, Requests } from "../bridge";
import { keyOf, type Key, type Note, type Part, type Pending, type State, type Turn } from "./model";

export function set(turn: Turn, change: Partial<State>): void {
  turn.state = { ...turn.state, ...change };
}

type Optional = "way" | "session" | "asking" | "access" | "trouble" | "banner" | "copied";

/** Removes optional fields. */
export function unset(turn: Turn, ...fields: Optional[]): void {
  const gone = new Set<string>(fields);
  turn.state = Object.fromEntries(Object.entries(turn.state).filter(([field]) => !gone.has(field))) as State;
}

export function request<M extends Method>(
  turn: Turn,
  method: M,
  params: Requests[M]["params"],
  pending: Pending,
): void {
  const id = expect(turn, pending);
  turn.effects.push({ do: "post", message: { type: "request", id, method, params } as RequestMessage });
}

export function command<C extends CommandName>(
  turn: Turn,
  name: C,
  args: Commands[C],
  pending: Pending = { for: "nothing" },
): void {
  const id = expect(turn, pending);
  turn.effects.push({ do: "post", message: { type: "command", id, command: name, args } as CommandMessage });
}

function expect(turn: Turn, pending: Pending): number {
  const id = turn.state.nextId;
  set(turn, { nextId: id + 1, pending: { ...turn.state.pending, [id]: pending } });
  return id;
}

/** Into the live region. */
export function say(turn: Turn, text: string): void {
  set(turn, { said: { text, serial: turn.state.said.serial + 1 } });
}

export function note(turn: Turn, key: Key, about: Note | undefined): void {
  const others = Object.entries(turn.state.notes).filter(([other]) => other !== key);
  set(turn, { notes: Object.fromEntries(about ? [...others, [key, about]] : others) });
}

/** Asks for everything that a view shows. */
export function refresh(turn: Turn): void {
  for (const [what, method] of [
    ["status", "codestream/status"],
    ["list", "codestream/provider/list"],
  ] as const) {
    if (!waits(turn.state, (pending) => pending.for === what)) request(turn, method, {}, { for: what });
  }
  if (turn.state.access) listAccess(turn, "identities", "sessions");
}

const LISTS = { identities: "codestream/login/identities", sessions: "codestream/session/list" } as const;

/** Asks for parts of the page about the person's account. */
export function listAccess(turn: Turn, ...parts: Part[]): void {
  for (const part of parts) {
    if (!waits(turn.state, (pending) => pending.for === part)) request(turn, LISTS[part], {}, { for: part });
  }
}

export function waits(state: State, accept: (pending: Pending) => boolean): boolean {
  return Object.values(state.pending).some(accept);
}

/** The newest attempt of a kind and service. */
export function attemptOf(state: State, key: Key): Attempt | undefined {
  return state.attempts.find((attempt) => keyOf(attempt.kind, attempt.providerId) === key);
}

/** Keeps an attempt, in place of an older one for the same. */
export function keep(turn: Turn, attempt: Attempt): void {
  const key = keyOf(attempt.kind, attempt.providerId);
  const known = attemptOf(turn.state, key);
  const newer = known && known.attemptId !== attempt.attemptId && known.startedAt > attempt.startedAt;
  if (newer || turn.state.dismissed.includes(attempt.attemptId)) return;
  const others = turn.state.attempts.filter((other) => other !== known);
  set(turn, { attempts: [...others, attempt] });
}

/** Shows an ended attempt no longer. */
export function dismiss(turn: Turn, key: Key): void {
  const attempt = attemptOf(turn.state, key);
  if (!attempt) return;
  set(turn, {
    attempts: turn.state.attempts.filter((other) => other !== attempt),
    dismissed: [...turn.state.dismissed, attempt.attemptId],
  });
}

export function providerName(state: State, providerId: string): string {
  return state.providers?.find((row) => row.providerId === providerId)?.displayName ?? providerId;
}

/** The service that a key is about. */
export function providerIdOf(key: Key): string {
  return key.slice(key.indexOf(":") + 1);
}

export function kindOf(key: Key): AttemptKind {
  return key.slice(0, key.indexOf(":")) as AttemptKind;
}

/** The part of the page that shows an attempt: a row has its sign-in and its connection, a way to add is shown by itself. */
export function regionOf(kind: AttemptKind, providerId: string): string {
  return kind === "link" ? keyOf(kind, providerId) : providerId;
}

/** Whether something for this key runs: an attempt, or a press that has none yet. */
export function runs(state: State, key: Key): boolean {
  const attempt = attemptOf(state, key);
  if (attempt) return !attempt.end;
  return waits(state, (pending) => pending.for === "press" && pending.key === key);
}

/** What passes with time: retries, and things shown for a moment. */
import { refresh, runs, set, unset } from "./turn";
import { keyOf, type State, type Turn } from "./model";

/** Between retries of a list that could not be had: 2 s, doubled, at most 30 s. */
export function retryDelay(tries: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(tries, 5));
}

export function tick(turn: Turn): void {
  const { copied, trouble, now, agent } = turn.state;
  if (copied && now >= copied.until) unset(turn, "copied");
  if (trouble?.retryAt !== undefined && now >= trouble.retryAt && agent.status === "running") {
    set(turn, { trouble: { error: trouble.error, tries: trouble.tries } });
    refresh(turn);
  }
}

/** Whether anything that is shown changes by itself. */
export function needsClock(state: State): boolean {
  const running = state.attempts.some((attempt) => runs(state, keyOf(attempt.kind, attempt.providerId)));
  const pending = Object.keys(state.pending).length > 0;
  const apart = state.session !== undefined && state.connection.status !== "reconnected";
  return running || pending || apart || state.copied !== undefined || state.trouble?.retryAt !== undefined;
}

/**
 * The view's one state and the one function that changes it.
 *
 * Pure: time comes in with each event, everything to be done outside goes out as an effect. It must never hold a token,
 * and knows no service that the agent did not list.
 */
import { act } from "./state/action";
import { tick } from "./state/clock";
import { receive } from "./state/message";
import type { Effect, Event, State, Turn } from "./state/model";

export * from "./state/model";
export { needsClock } from "./state/clock";

/** Takes an event that happened at `now` (Unix ms). */
export function reduce(before: State, event: Event, now: number): [State, Effect[]] {
  const turn: Turn = { state: { ...before, now }, effects: [] };
  switch (event.type) {
    case "message":
      receive(turn, event.message);
      break;
    case "action":
      act(turn, event.action);
      break;
    case "tick":
      tick(turn);
      break;
  }
  return [turn.state, turn.effects];
}

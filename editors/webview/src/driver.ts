/** Holds the state: carries events to the reducer, renders, and does what it says. The only one who reads the clock. */
import type { HostToView } from "./bridge";
import type { FocusKeeper } from "./focus";
import { initial, needsClock, reduce, type Action, type Event, type State } from "./state";
import { apply } from "./theme";
import { connect } from "./transport";

export type Dispatch = (action: Action) => void;

/** Renders the state; called after every change. */
export type Render = (state: State, dispatch: Dispatch) => void;

export function drive(window: Window, focus: FocusKeeper, render: Render): void {
  let state: State = { ...initial, now: Date.now() };
  let timer: number | undefined;

  const take = (event: Event) => {
    const [next, effects] = reduce(state, event, Date.now());
    state = next;
    render(state, dispatch);
    focus.restore();
    for (const effect of effects) {
      switch (effect.do) {
        case "post":
          transport.post(effect.message);
          break;
        case "focus":
          focus.focus(effect.region);
          break;
        case "theme":
          apply(window.document.documentElement, effect.kind, effect.variables);
          break;
      }
    }
    if (needsClock(state)) {
      timer ??= window.setInterval(() => {
        take({ type: "tick" });
      }, 1000);
    } else if (timer !== undefined) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
  const dispatch: Dispatch = (action) => {
    take({ type: "action", action });
  };
  const transport = connect(window, (message: HostToView) => {
    take({ type: "message", message });
  });
  render(state, dispatch);
  transport.post({ type: "ready" });
}

/** The steps of a handshake: which are done, where it is, what comes. */
import type { AttemptKind } from "../../../../protocol/bindings/AttemptKind";
import type { Step } from "../../../../protocol/bindings/Step";
import { stepText } from "../text";
import { Icon, Spinner } from "./icons";

function order(kind: AttemptKind): readonly Step[] {
  return kind === "link"
    ? ["opening", "waiting", "confirming", "finishing"]
    : ["opening", "waiting", "finishing"];
}

const DONE: Record<Step, string> = {
  opening: "Browser opened",
  waiting: "Approved",
  confirming: "Allowed",
  finishing: "Account checked",
};
/** As it is said aloud; that it was approved stands in the step before. */
const CURRENT: Record<Step, (host: string) => string> = {
  opening: (host) => stepText("opening", host),
  waiting: (host) => stepText("waiting", host),
  confirming: (host) => stepText("confirming", host),
  finishing: () => "Checking the account",
};
const AHEAD: Record<Step, string> = {
  opening: "Open your browser",
  waiting: "Approve in the browser",
  confirming: "Allow it here",
  finishing: "Check the account",
};

export function Steps({ kind, step, host }: { kind: AttemptKind; step: Step; host: string }) {
  const all = order(kind);
  const at = all.indexOf(step);
  return (
    <ol class="steps">
      {all.map((one, place) => {
        const current = place === at;
        const text = current ? CURRENT[one](host) : place < at ? DONE[one] : AHEAD[one];
        return (
          <li
            key={one}
            class={current ? "current" : place < at ? "done" : "ahead"}
            aria-current={current ? "step" : undefined}
          >
            {current ? <Spinner /> : <Icon name={place < at ? "check" : "dot"} />}
            <span>{text}</span>
          </li>
        );
      })}
    </ol>
  );
}

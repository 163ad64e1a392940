/** A handshake under way: where it is, how long it has, and every other way out. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { Step } from "../../../../protocol/bindings/Step";
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { isWaitingFor, needsHint } from "../select";
import { keyOf, type Key, type State } from "../state";
import { stepText } from "../text";
import { countdown, countdownSpoken, remaining } from "../time";
import { Icon, Spinner } from "./icons";
import { Button, CopyButton, Message, idOf } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
  signIn: boolean;
}

function title({ state, row, signIn }: Props): string {
  if (!signIn) return `Connecting to ${row.displayName}`;
  const signUp = state.presses[keyOf("signIn", row.providerId)]?.signup ?? false;
  return `Signing ${signUp ? "up" : "in"} with ${row.displayName}`;
}

const ORDER: readonly Step[] = ["opening", "waiting", "finishing"];
const DONE: Record<Step, string> = {
  opening: "Browser opened",
  waiting: "Approved",
  confirming: "Confirmed",
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
  confirming: "Confirm the account",
  finishing: "Check the account",
};

function Steps({ step, host }: { step: Step; host: string }) {
  const at = ORDER.indexOf(step);
  return (
    <ol class="steps">
      {ORDER.map((one, place) => {
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

/** Pressed, and the agent has not answered yet. */
export function Pressed(props: Props & { cancelled: boolean }) {
  const { dispatch, row, signIn, cancelled } = props;
  const key = keyOf(signIn ? "signIn" : "connect", row.providerId);
  return (
    <div role="group" class="card" aria-label={title(props)}>
      <p class="card-title" tabIndex={-1} data-focus="now">
        {cancelled ? "Cancelling" : title(props)}
      </p>
      <Steps step="opening" host={row.host} />
      <div class="actions">
        <Button
          name="cancel"
          busy={cancelled}
          onPress={() => {
            dispatch({ do: "cancel", key });
          }}
        >
          Cancel
        </Button>
      </div>
    </div>
  );
}

export function Running(props: Props & { attempt: Attempt }) {
  const { state, dispatch, row, attempt } = props;
  const key = keyOf(attempt.kind, attempt.providerId);
  const heading = idOf("attempt", key);
  const noted = state.notes[key];
  return (
    <div role="group" class="card" aria-labelledby={heading}>
      <div class="card-head">
        <p class="card-title" id={heading} tabIndex={-1} data-focus="now">
          {title(props)}
        </p>
        {attempt.step !== "finishing" && <Countdown attempt={attempt} now={state.now} />}
      </div>
      {attempt.step !== "finishing" && <TimeBar attempt={attempt} now={state.now} />}
      <Steps step={attempt.step} host={attempt.host} />
      <AskedAs was={state.presses[key]?.was} host={attempt.host} />
      {attempt.matchCode !== undefined && <MatchCode code={attempt.matchCode} />}
      {needsHint(attempt, state.now) && (
        <Message tone="quiet">
          No page in your browser? Open it again, or copy the link into the browser or profile that you want.
        </Message>
      )}
      {noted?.kind === "problem" && <Message tone="warning">{noted.error.message}</Message>}
      {attempt.step !== "finishing" && (
        <WaysOut state={state} dispatch={dispatch} row={row} attempt={attempt} keyed={key} />
      )}
    </div>
  );
}

function Countdown({ attempt, now }: { attempt: Attempt; now: number }) {
  return (
    <span class="countdown" role="timer" aria-label={countdownSpoken(attempt.expiresAt, now)}>
      {countdown(attempt.expiresAt, now)}
    </span>
  );
}

function TimeBar({ attempt, now }: { attempt: Attempt; now: number }) {
  const part = remaining(attempt.startedAt, attempt.expiresAt, now);
  return (
    <div class="time-bar" aria-hidden="true">
      <div style={{ transform: `scaleX(${part})` }} />
    </div>
  );
}

function AskedAs({ was, host }: { was: string | undefined; host: string }) {
  if (was === undefined || was === "") return null;
  return (
    <p class="card-text">
      Be signed in at {host} as <strong>{was}</strong> to keep that account.
    </p>
  );
}

function MatchCode({ code }: { code: string }) {
  return (
    <p class="match">
      <span>If the browser asks, its code must be</span>
      <strong class="match-code" role="img" aria-label={code.split("").join(" ")}>
        {code}
      </strong>
    </p>
  );
}

function WaysOut(props: { state: State; dispatch: Dispatch; row: Provider; attempt: Attempt; keyed: Key }) {
  const { state, dispatch, row, attempt, keyed: key } = props;
  const reopening = Object.values(state.pending).some(
    (pending) => pending.for === "reopen" && pending.attemptId === attempt.attemptId,
  );
  const cancelling = Object.values(state.pending).some(
    (pending) => pending.for === "cancel" && pending.attemptId === attempt.attemptId,
  );
  return (
    <div class="actions">
      <Button
        look="primary"
        icon="external"
        name="reopen"
        busy={reopening}
        onPress={() => {
          dispatch({ do: "reopen", key });
        }}
      >
        Open again
      </Button>
      {attempt.url !== "" && (
        <CopyButton
          copied={state.copied?.what === `link:${key}`}
          name="copy-link"
          onPress={() => {
            dispatch({ do: "copyLink", key });
          }}
        >
          Copy link
        </CopyButton>
      )}
      {row.canUseToken && attempt.kind === "connect" && (
        <Button
          icon="key"
          name="use-token"
          busy={isWaitingFor(state, "useToken", key)}
          onPress={() => {
            dispatch({ do: "useToken", key });
          }}
        >
          Use a token
        </Button>
      )}
      <Button
        name="cancel"
        busy={cancelling}
        onPress={() => {
          dispatch({ do: "cancel", key });
        }}
      >
        Cancel
      </Button>
    </div>
  );
}

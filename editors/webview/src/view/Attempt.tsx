/** A handshake under way: where it is, how long it has, and every other way out. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { AttemptKind } from "../../../../protocol/bindings/AttemptKind";
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { isAsked, isWaitingFor, needsHint } from "../select";
import { keyOf, type Doing, type Key, type State } from "../state";
import { countdown, countdownSpoken, remaining } from "../time";
import { Button, CopyButton, Message, Name, idOf } from "./parts";
import { Steps } from "./Steps";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
  kind: AttemptKind;
}

function title({ state, row, kind }: Props): string {
  switch (kind) {
    case "connect":
      return `Connecting to ${row.displayName}`;
    case "link":
      return `Adding ${row.displayName} as a way to sign in`;
    case "signIn": {
      const signUp = state.presses[keyOf("signIn", row.providerId)]?.signup ?? false;
      return `Signing ${signUp ? "up" : "in"} with ${row.displayName}`;
    }
  }
}

/** Pressed, and the agent has not answered yet. */
export function Pressed(props: Props & { cancelled: boolean }) {
  const { dispatch, row, kind, cancelled } = props;
  const key = keyOf(kind, row.providerId);
  return (
    <div role="group" class="card" aria-label={title(props)}>
      <p class="card-title" tabIndex={-1} data-focus="now">
        {cancelled ? "Cancelling" : title(props)}
      </p>
      <Steps kind={kind} step="opening" host={row.host} />
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
  const asks = attempt.step === "confirming";
  const key = keyOf(attempt.kind, attempt.providerId);
  const heading = idOf("attempt", key);
  const noted = state.notes[key];
  return (
    <div role="group" class="card" aria-labelledby={heading}>
      <div class="card-head">
        <p class="card-title" id={heading} tabIndex={-1} data-focus="now">
          {asks ? <Question account={attempt.account} name={row.displayName} /> : title(props)}
        </p>
        {attempt.step !== "finishing" && <Countdown attempt={attempt} now={state.now} />}
      </div>
      {attempt.step !== "finishing" && <TimeBar attempt={attempt} now={state.now} />}
      {asks ? (
        <p class="card-text">
          Whoever has this {row.displayName} account can then sign in to your CodeStream account.
        </p>
      ) : (
        <>
          <Steps kind={attempt.kind} step={attempt.step} host={attempt.host} />
          <AskedAs was={state.presses[key]?.was} host={attempt.host} />
          {attempt.matchCode !== undefined && <MatchCode code={attempt.matchCode} />}
        </>
      )}
      {attempt.note !== undefined && attempt.step !== "finishing" && (
        <Message tone="warning">{attempt.note}</Message>
      )}
      {needsHint(attempt, state.now) && (
        <Message tone="quiet">
          No page in your browser? Open it again, or copy the link into the browser or profile that you want.
        </Message>
      )}
      {noted?.kind === "problem" && (
        <Message tone="warning" title={noted.doing === "press" ? undefined : DOING[noted.doing]}>
          {noted.error.message}
        </Message>
      )}
      {asks && <Answers state={state} dispatch={dispatch} attempt={attempt} keyed={key} />}
      {!asks && attempt.step !== "finishing" && (
        <WaysOut state={state} dispatch={dispatch} row={row} attempt={attempt} keyed={key} />
      )}
    </div>
  );
}

/** What failed while an attempt runs. */
const DOING: Partial<Record<Doing, string>> = {
  reopen: "The link wasn't opened",
  copyLink: "No link was copied",
  confirm: "It wasn't allowed",
};

function Question({ account, name }: { account: string | undefined; name: string }) {
  return (
    <>
      Let{" "}
      {account === undefined || account === "" ? (
        "this account"
      ) : (
        <span class="asked-name">
          <Name text={account} />
        </span>
      )}{" "}
      at {name} sign in as you?
    </>
  );
}

/** Neither is the first choice: whoever allows it has read the name. */
function Answers(props: { state: State; dispatch: Dispatch; attempt: Attempt; keyed: Key }) {
  const { state, dispatch, attempt, keyed: key } = props;
  return (
    <div class="actions">
      <Button
        name="allow"
        busy={isAsked(state, "confirm", attempt)}
        onPress={() => {
          dispatch({ do: "allow", key });
        }}
      >
        Allow sign-in
      </Button>
      <Button
        name="cancel"
        busy={isAsked(state, "cancel", attempt)}
        onPress={() => {
          dispatch({ do: "cancel", key });
        }}
      >
        Cancel
      </Button>
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
      Be signed in at {host} as{" "}
      <strong>
        <Name text={was} />
      </strong>{" "}
      to keep that account.
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
  return (
    <div class="actions">
      <Button
        look="primary"
        icon="external"
        name="reopen"
        busy={isAsked(state, "reopen", attempt)}
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
          busy={isAsked(state, "copyLink", attempt)}
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
        busy={isAsked(state, "cancel", attempt)}
        onPress={() => {
          dispatch({ do: "cancel", key });
        }}
      >
        Cancel
      </Button>
    </div>
  );
}

/** What went wrong, why, and what can be done about it. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { ErrorKind } from "../../../../protocol/bindings/ErrorKind";
import type { BridgeError, Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { detailsName } from "../state/action";
import { keyOf, type Doing, type Key, type State } from "../state";
import { endText, failing, type Failing } from "../text";
import { Button, CopyButton, Message } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
}

/** An attempt that did not come to a good end. */
export function Ended({ state, dispatch, row, attempt }: Props & { attempt: Attempt }) {
  if (!attempt.end) return null;
  const key = keyOf(attempt.kind, attempt.providerId);
  const text = endText(attempt.end, row.displayName, attempt.kind);
  const declined = attempt.end.kind === "declined";
  return (
    <Message
      tone={text.tone}
      title={declined ? text.sentence : text.title}
      {...(!declined && { children: text.sentence })}
      onClose={() => {
        dispatch({ do: "dismiss", key });
      }}
      actions={
        !declined && (
          <Remedies
            state={state}
            dispatch={dispatch}
            row={row}
            keyed={key}
            text={text}
            offerToken
            {...(attempt.end.link !== undefined && { link: attempt.end.link })}
            again={() => {
              dispatch({ do: "tryAgain", key });
            }}
          />
        )
      }
    />
  );
}

/** A request that was refused. */
export function Problem(props: Props & { keyed: Key; doing: Doing; error: BridgeError }) {
  const { state, dispatch, row, keyed: key, doing, error } = props;
  const kind = error.data?.kind;
  const text = failing(kind);
  const link = error.data?.link;
  const byHand = doing === "addHost" || doing === "useToken";
  return (
    <Message
      tone="bad"
      title={titleOf(doing, kind) ?? text.title}
      onClose={() => {
        dispatch({ do: "dismiss", key });
      }}
      actions={
        <Remedies
          state={state}
          dispatch={dispatch}
          row={row}
          keyed={key}
          // Another address or another token may do, whatever was wrong with this one.
          text={byHand ? { ...text, again: true } : text}
          offerToken={doing === "press"}
          {...(link !== undefined && { link })}
          again={again(doing, key, row, dispatch)}
        />
      }
    >
      {kind === "tokenRevoked" && byHand
        ? `${row.displayName} does not take this token. Check that it was copied whole and is still good.`
        : error.message}
    </Message>
  );
}

/** What a kind of failure means for what was done, where that is something else than for an attempt. */
function titleOf(doing: Doing, kind: ErrorKind | undefined): string | undefined {
  switch (doing) {
    case "addHost":
      return "Nothing was added";
    case "useToken":
      return kind === "tokenRevoked" ? "The token was not accepted" : undefined;
    case "remove":
      return kind === "forbidden" ? "It cannot be removed" : undefined;
    case "copyLink":
      return "No link was copied";
    case "press":
    case "disconnect":
    case "reopen":
    case "confirm":
      return undefined;
  }
}

/** What Try again repeats; what asked first asks again. */
function again(doing: Doing, key: Key, row: Provider, dispatch: Dispatch): (() => void) | undefined {
  switch (doing) {
    case "press":
      return () => {
        dispatch({ do: "tryAgain", key });
      };
    case "useToken":
      return () => {
        dispatch({ do: "useToken", key });
      };
    case "addHost":
      return () => {
        dispatch({ do: "addHost", providerId: row.providerId });
      };
    case "disconnect":
    case "remove":
    case "reopen":
    case "copyLink":
    case "confirm":
      return undefined;
  }
}

function Remedies(
  props: Props & {
    keyed: Key;
    text: Failing;
    offerToken: boolean;
    link?: string;
    again: (() => void) | undefined;
  },
) {
  const { state, dispatch, row, keyed: key, text, offerToken, link, again } = props;
  const details = detailsName(key, undefined);
  const request = `request:${key}`;
  return (
    <>
      {again && text.again && (
        <Button look="primary" name="again" focus="now" onPress={again}>
          Try again
        </Button>
      )}
      {text.help === "request" && (
        <CopyButton
          copied={state.copied?.what === request}
          onPress={() => {
            dispatch({ do: "copyRequest", key });
          }}
        >
          Copy request
        </CopyButton>
      )}
      {text.help === "signUp" && (
        <Button
          look="primary"
          focus="now"
          onPress={() => {
            dispatch({ do: "signIn", providerId: row.providerId, signup: true });
          }}
        >
          {`Sign up with ${row.displayName}`}
        </Button>
      )}
      {text.help === "signIn" && (
        <Button
          look="primary"
          focus="now"
          onPress={() => {
            dispatch({ do: "mode", mode: "signIn" });
            dispatch({ do: "dismiss", key });
          }}
        >
          Sign in instead
        </Button>
      )}
      {link !== undefined && (
        <Button
          icon="external"
          onPress={() => {
            dispatch({ do: "openExternal", url: link });
          }}
        >
          Open the page
        </Button>
      )}
      {text.help === "settings" && (
        <Button
          icon="gear"
          onPress={() => {
            dispatch({ do: "openSettings" });
          }}
        >
          Settings
        </Button>
      )}
      {offerToken && row.canUseToken && key.startsWith("connect:") && text.help !== "settings" && (
        <Button
          icon="key"
          onPress={() => {
            dispatch({ do: "useToken", key });
          }}
        >
          Use a token
        </Button>
      )}
      <CopyButton
        copied={state.copied?.what === details}
        onPress={() => {
          dispatch({ do: "copyDetails", key });
        }}
      >
        Copy details
      </CopyButton>
    </>
  );
}

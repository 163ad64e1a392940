/** What came of the last thing done with a service. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import type { Key, State } from "../state";
import { disconnectedText, linkedText } from "../text";
import { Problem } from "./Ended";
import { Button, Message, Name, Words } from "./parts";
import { CopyRedirect } from "./Redirect";

export function NoteLine(props: { state: State; dispatch: Dispatch; row: Provider; keyed: Key }) {
  const { state, dispatch, row, keyed: key } = props;
  const noted = state.notes[key];
  const onClose = () => {
    dispatch({ do: "dismiss", key });
  };
  switch (noted?.kind) {
    case undefined:
      return null;
    case "connected":
      if (noted.was !== undefined) {
        return (
          <Message
            tone="warning"
            title={<ConnectedAs who={noted.who ?? "somebody else"} />}
            onClose={onClose}
          >
            It was <Name text={noted.was} /> before. Reconnect if that is not what you want.
          </Message>
        );
      }
      return (
        <Message
          tone="good"
          title={noted.who ? <ConnectedAs who={noted.who} /> : "Connected"}
          onClose={onClose}
        >
          {noted.doubt}
        </Message>
      );
    case "linked":
      return (
        <Message tone="good" onClose={onClose}>
          {linkedText(noted.who, row.displayName)}
        </Message>
      );
    case "added":
      return (
        <Message
          tone="quiet"
          title="Register this redirect URL"
          onClose={onClose}
          actions={<CopyRedirect state={state} dispatch={dispatch} row={row} />}
        >
          In the app at {row.host}: <code>{noted.redirectUri}</code>
        </Message>
      );
    case "cancelled":
      return (
        <Message tone="quiet" onClose={onClose}>
          Cancelled. Nothing was changed.
        </Message>
      );
    case "removed":
      return null;
    case "disconnected": {
      const url = noted.result.revoked === "yes" ? undefined : noted.result.manualUrl;
      const signsIn = noted.result.signsIn === true;
      return (
        <Message
          tone={noted.result.revoked === "yes" ? "good" : "warning"}
          onClose={onClose}
          actions={
            (url !== undefined || signsIn) && (
              <>
                {url !== undefined && (
                  <Button
                    icon="external"
                    onPress={() => {
                      dispatch({ do: "openExternal", url });
                    }}
                  >
                    {`End it at ${row.displayName}`}
                  </Button>
                )}
                {signsIn && (
                  <Button
                    onPress={() => {
                      dispatch({ do: "openAccess" });
                    }}
                  >
                    Your account
                  </Button>
                )}
              </>
            )
          }
        >
          <Words text={disconnectedText(noted.result, noted.who, row.displayName)} />
        </Message>
      );
    }
    case "problem":
      return (
        <Problem
          state={state}
          dispatch={dispatch}
          row={row}
          keyed={key}
          doing={noted.doing}
          error={noted.error}
        />
      );
  }
}

function ConnectedAs({ who }: { who: string }) {
  return (
    <>
      Connected as <Name text={who} />
    </>
  );
}

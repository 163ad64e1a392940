/** What came of the last thing done with a service. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import type { Key, State } from "../state";
import { disconnectedText } from "../text";
import { Problem } from "./Ended";
import { Button, Message } from "./parts";

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
          <Message tone="warning" title={`Connected as ${noted.who ?? "somebody else"}`} onClose={onClose}>
            {`It was ${noted.was} before. Reconnect if that is not what you want.`}
          </Message>
        );
      }
      return (
        <Message tone="good" title={noted.who ? `Connected as ${noted.who}` : "Connected"} onClose={onClose}>
          {noted.doubt}
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
      const url = noted.result.manualUrl;
      return (
        <Message
          tone={noted.result.revoked === "yes" ? "good" : "warning"}
          onClose={onClose}
          {...(url !== undefined &&
            noted.result.revoked !== "yes" && {
              actions: (
                <Button
                  icon="external"
                  onPress={() => {
                    dispatch({ do: "openExternal", url });
                  }}
                >
                  {`End it at ${row.displayName}`}
                </Button>
              ),
            })}
        >
          {disconnectedText(noted.result, noted.who, row.displayName)}
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

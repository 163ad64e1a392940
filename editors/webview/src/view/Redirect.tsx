/** The redirect URL of a self-hosted service's app: to be registered there, and what to do when it has changed. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { kindRow } from "../select";
import type { State } from "../state";
import { Button, CopyButton, Message } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
}

export function RedirectUrl({ state, dispatch, row, url }: Props & { url: string }) {
  return (
    <div class="redirect">
      <p class="muted">Redirect URL to register in the app at {row.host}</p>
      <code>{url}</code>
      <CopyRedirect state={state} dispatch={dispatch} row={row} />
    </div>
  );
}

export function CopyRedirect({ state, dispatch, row }: Props) {
  return (
    <CopyButton
      copied={state.copied?.what === `redirect:${row.providerId}`}
      name="copy-redirect"
      label={`Copy URL for ${row.displayName} at ${row.host}`}
      onPress={() => {
        dispatch({ do: "copyRedirect", providerId: row.providerId });
      }}
    >
      Copy URL
    </CopyButton>
  );
}

/** A host that was added before each had a redirect URL of its own. */
export function ReAdd({ state, dispatch, row }: Props) {
  if (row.reAdd !== true) return null;
  const kind = kindRow(state, row);
  const url = row.redirectUri;
  return (
    <Message
      tone="warning"
      title="Add this host again"
      actions={
        <>
          {kind && (
            <Button
              icon="plus"
              name="add-again"
              label={`Add again: ${row.displayName} at ${row.host}`}
              onPress={() => {
                dispatch({ do: "addHost", providerId: kind.providerId, host: row.host });
              }}
            >
              Add again
            </Button>
          )}
          {url !== undefined && <CopyRedirect state={state} dispatch={dispatch} row={row} />}
        </>
      }
    >
      {url === undefined ? (
        "Its redirect URL changed. Until you add it again, you can connect it but not sign in with it."
      ) : (
        <>
          Its redirect URL changed to <code>{url}</code>. Register that in the app, then add the host again.
          Until then, you can connect it but not sign in with it.
        </>
      )}
    </Message>
  );
}

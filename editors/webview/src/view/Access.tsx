/** The page about the person's account: ways to sign in, and sessions. */
import type { ComponentChildren } from "preact";
import type { Dispatch } from "../driver";
import { isWaitingFor } from "../select";
import type { Part, State } from "../state";
import { Identities } from "./Identities";
import { Button, Message, Name } from "./parts";
import { Sessions } from "./Sessions";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function Access({ state, dispatch }: Props) {
  return (
    <div class="access" data-region="access">
      <div class="access-head">
        <Button
          look="icon"
          icon="back"
          name="back"
          label="Back to services"
          onPress={() => {
            dispatch({ do: "closeAccess" });
          }}
        >
          {null}
        </Button>
        <h2 class="access-title" tabIndex={-1} data-focus="first">
          Your account
        </h2>
      </div>
      <p class="access-who">
        <span class="muted">Signed in as</span>{" "}
        <strong>
          <Name text={state.session?.email ?? ""} />
        </strong>
      </p>
      <Identities state={state} dispatch={dispatch} />
      <Sessions state={state} dispatch={dispatch} />
    </div>
  );
}

/** A part of the page: its list once it is there, and what came of the last thing done in it. */
export function AccessPart(
  props: Props & { part: Part; title: string; listed: boolean; children: ComponentChildren },
) {
  const { state, dispatch, part, title, listed, children } = props;
  const result = state.access?.results[part];
  const onClose = () => {
    dispatch({ do: "closeResult", part });
  };
  return (
    <section class="section" data-region={part} aria-label={title}>
      <h3>{title}</h3>
      {result?.good === true && (
        <Message tone="good" onClose={onClose}>
          {result.text}
        </Message>
      )}
      {result?.good === false && (
        <Message
          tone="bad"
          onClose={onClose}
          actions={
            !listed && (
              <Button
                name="list"
                focus="now"
                onPress={() => {
                  dispatch({ do: "list", part });
                }}
              >
                Try again
              </Button>
            )
          }
        >
          {result.error.message}
        </Message>
      )}
      {listed
        ? children
        : isWaitingFor(state, part) && (
            <div class="skeletons" aria-hidden="true">
              {[0, 1].map((n) => (
                <div key={n} class="skeleton">
                  <span />
                  <div>
                    <span />
                    <span />
                  </div>
                </div>
              ))}
            </div>
          )}
    </section>
  );
}

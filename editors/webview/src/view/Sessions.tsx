/** Where the person is signed in, and signing out there. */
import type { SessionRow } from "../../../../protocol/bindings/SessionRow";
import type { Dispatch } from "../driver";
import { isEnding } from "../select";
import type { State } from "../state";
import { placeText } from "../text";
import { since } from "../time";
import { AccessPart } from "./Access";
import { Question } from "./Confirm";
import { Icon } from "./icons";
import { Button, Name } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function Sessions({ state, dispatch }: Props) {
  const sessions = state.access?.sessions;
  const others = sessions?.filter((session) => !session.current).length ?? 0;
  return (
    <AccessPart
      state={state}
      dispatch={dispatch}
      part="sessions"
      title="Sessions"
      listed={sessions !== undefined}
    >
      <ul class="list">
        {sessions?.map((session) => (
          <Row key={session.sessionId} state={state} dispatch={dispatch} session={session} />
        ))}
      </ul>
      {others > 0 && state.asking?.what === "endOthers" ? (
        <Question
          dispatch={dispatch}
          question="Sign out everywhere else?"
          yes="Sign out everywhere else"
          no="Cancel"
        >
          Only this window stays signed in. What you connected stays connected.
        </Question>
      ) : (
        others > 0 && (
          <Button
            name="end-others"
            busy={isEnding(state)}
            onPress={() => {
              dispatch({ do: "ask", asking: { what: "endOthers" } });
            }}
          >
            Sign out everywhere else
          </Button>
        )
      )}
    </AccessPart>
  );
}

function Row({ state, dispatch, session }: Props & { session: SessionRow }) {
  const { sessionId, current } = session;
  return (
    <li class="entry" data-region={`session:${sessionId}`}>
      <span class="logo neutral" aria-hidden="true">
        <Icon name="window" />
      </span>
      <div class="entry-body">
        <div class="entry-head">
          <span class="entry-name">
            {session.ide === undefined || session.ide === "" ? "An editor" : <Name text={session.ide} />}
            {session.machine !== undefined && session.machine !== "" && (
              <>
                {" "}
                on <Name text={session.machine} />
              </>
            )}
          </span>
          {current ? (
            <span class="tag">This window</span>
          ) : (
            <Button
              name="end-session"
              label={`Sign out ${placeText(session)}`}
              busy={isEnding(state, sessionId)}
              onPress={() => {
                dispatch({ do: "endSession", sessionId });
              }}
            >
              Sign out
            </Button>
          )}
        </div>
        <Facts state={state} session={session} />
      </div>
    </li>
  );
}

/** With which service, since when, and when it was used last. */
function Facts({ state, session }: { state: State; session: SessionRow }) {
  const service = state.providers?.find((row) => row.name === session.provider && row.added !== true);
  const began = since(session.since, state.now);
  const used =
    session.lastUsedAt === undefined || session.current ? undefined : since(session.lastUsedAt, state.now);
  const facts = [
    session.provider === undefined ? undefined : `Signed in with ${service?.displayName ?? session.provider}`,
    began === undefined ? undefined : `since ${began}`,
    used === undefined ? undefined : `last used ${used}`,
  ].filter((fact) => fact !== undefined);
  return (
    <p class="muted">
      {facts.join(" · ")}
      {session.address !== undefined && session.address !== "" && (
        <>
          {facts.length > 0 && " · "}
          <Name text={session.address} />
        </>
      )}
    </p>
  );
}

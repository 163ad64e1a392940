/** The signed-in view: who is signed in, and the services. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { isWaitingFor, sections } from "../select";
import type { State } from "../state";
import { count } from "../time";
import { Links } from "./Links";
import { Button, Name } from "./parts";
import { Service } from "./Service";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function Services({ state, dispatch }: Props) {
  const { connected, others } = sections(state.providers ?? []);
  return (
    <>
      <Session state={state} dispatch={dispatch} />
      <Links state={state} dispatch={dispatch} />
      <Section title="Connected" rows={connected} state={state} dispatch={dispatch} />
      <Section
        title={connected.length > 0 ? "Available" : "Connect a service"}
        rows={others}
        state={state}
        dispatch={dispatch}
      />
      {connected.length + others.length === 0 && (
        <p class="empty">The server offers no services. Ask its administrator to set them up.</p>
      )}
    </>
  );
}

function Section({ title, rows, state, dispatch }: Props & { title: string; rows: Provider[] }) {
  if (rows.length === 0) return null;
  return (
    <section class="section" aria-label={`${title}, ${count(rows.length, "service")}`}>
      <h2>
        {title} <span class="count">{rows.length}</span>
      </h2>
      <ul class="list">
        {rows.map((row) => (
          <Service key={row.providerId} state={state} dispatch={dispatch} row={row} />
        ))}
      </ul>
    </section>
  );
}

function Session({ state, dispatch }: Props) {
  return (
    <div class="session" data-region="session">
      <span class="session-who">
        <span class="muted">Signed in as</span>{" "}
        <strong>
          <Name text={state.session?.email ?? ""} />
        </strong>
      </span>
      <span class="session-verbs">
        <Button
          look="link"
          name="account"
          onPress={() => {
            dispatch({ do: "openAccess" });
          }}
        >
          Your account
        </Button>
        <Button
          look="link"
          name="sign-out"
          busy={isWaitingFor(state, "logout")}
          onPress={() => {
            dispatch({ do: "signOut" });
          }}
        >
          Sign out
        </Button>
      </span>
    </div>
  );
}

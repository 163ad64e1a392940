/** Sign-up and sign-in: the same click at the same services; only what happens to somebody unknown differs. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { forSignIn, shown } from "../select";
import { keyOf, type State } from "../state";
import { purpose } from "../text";
import { count } from "../time";
import { Pressed, Running } from "./Attempt";
import { Ended } from "./Ended";
import { NoteLine } from "./NoteLine";
import { Button, Logo, idOf } from "./parts";
import { Permissions } from "./Permissions";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function SignIn({ state, dispatch }: Props) {
  const rows = forSignIn(state);
  const signUp = state.mode === "signUp";
  return (
    <section class="sign-in" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">{signUp ? "Create your account" : "Welcome back"}</h2>
      <p class="lead">
        {signUp
          ? "Sign up with an account that you have. Your browser opens, you approve, and you are in."
          : "Sign in with the service that you signed up with."}
      </p>
      <ul class="list">
        {rows.map((row) => (
          <Choice key={row.providerId} state={state} dispatch={dispatch} row={row} />
        ))}
      </ul>
      {rows.length === 0 && (
        <p class="empty">
          This server offers no service to sign in with. Ask its administrator to set one up.
        </p>
      )}
      <p class="switch" data-region="mode">
        {signUp ? "You have an account?" : "You are new here?"}{" "}
        <Button
          look="link"
          name="mode"
          onPress={() => {
            dispatch({ do: "mode", mode: signUp ? "signIn" : "signUp" });
          }}
        >
          {signUp ? "Sign in" : "Sign up"}
        </Button>
      </p>
    </section>
  );
}

function Choice({ state, dispatch, row }: Props & { row: Provider }) {
  const key = keyOf("signIn", row.providerId);
  const now = shown(state, key);
  const busy = now.shows === "running" || now.shows === "pressed";
  const name = `sign-in:${row.providerId}`;
  const open = state.open.includes(name);
  const panel = idOf("sign-in", row.providerId);
  const signUp = state.mode === "signUp";
  return (
    <li class="choice" data-region={row.providerId}>
      {!busy && (
        <button
          type="button"
          class="button choice-button"
          data-key="sign-in"
          data-focus="first"
          aria-describedby={`${panel}_purpose`}
          onClick={() => {
            dispatch({ do: "signIn", providerId: row.providerId, signup: signUp });
          }}
        >
          <Logo name={row.name} displayName={row.displayName} />
          <span>{`${signUp ? "Sign up" : "Sign in"} with ${row.displayName}`}</span>
        </button>
      )}
      {now.shows === "pressed" && (
        <Pressed state={state} dispatch={dispatch} row={row} kind="signIn" cancelled={now.cancelled} />
      )}
      {now.shows === "running" && (
        <Running state={state} dispatch={dispatch} row={row} kind="signIn" attempt={now.attempt} />
      )}
      {now.shows === "ended" && <Ended state={state} dispatch={dispatch} row={row} attempt={now.attempt} />}
      {!busy && <NoteLine state={state} dispatch={dispatch} row={row} keyed={key} />}
      {!busy && (
        <div class="choice-purpose">
          <p class="purpose">
            <span id={`${panel}_purpose`}>{purpose(row)}</span>{" "}
            {row.scopes.length > 0 && (
              <Button
                look="link"
                icon="chevron"
                name="before"
                expanded={open}
                controls={panel}
                label={`${count(row.scopes.length, "permission")} of ${row.displayName}`}
                onPress={() => {
                  dispatch({ do: "toggle", name });
                }}
              >
                {count(row.scopes.length, "permission")}
              </Button>
            )}
          </p>
          <div class="fold" id={panel} hidden={!open}>
            {open && <Permissions row={row} />}
          </div>
        </div>
      )}
    </li>
  );
}

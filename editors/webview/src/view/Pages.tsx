/** The whole view when there is nothing to list. */
import type { ComponentChildren } from "preact";
import type { BridgeError } from "../bridge";
import type { Dispatch } from "../driver";
import { isWaitingFor } from "../select";
import type { State } from "../state";
import { failing } from "../text";
import { Icon, Spinner, type IconName } from "./icons";
import { Button, CopyButton, Words } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
}

function Page(props: {
  icon: IconName | "spinner";
  title: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  const { icon, title, children, actions } = props;
  return (
    <section class="page" data-region="page" aria-labelledby="page-title">
      <span class={`page-icon ${icon === "spinner" ? "" : icon}`}>
        {icon === "spinner" ? <Spinner /> : <Icon name={icon} />}
      </span>
      <h2 id="page-title">{title}</h2>
      {children}
      {actions && <div class="actions">{actions}</div>}
    </section>
  );
}

export function Starting() {
  return (
    <Page icon="spinner" title="Starting CodeStream">
      <p class="lead">This takes a moment.</p>
    </Page>
  );
}

export function Loading() {
  return (
    <div aria-busy="true">
      <p class="visually-hidden">Loading your services</p>
      <div class="skeletons" aria-hidden="true">
        {[0, 1, 2, 3, 4].map((n) => (
          <div key={n} class="skeleton">
            <span />
            <div>
              <span />
              <span />
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

export function AgentFailed({ state, dispatch, message }: Props & { message?: string }) {
  return (
    <Page
      icon="error"
      title="CodeStream could not start"
      actions={
        <>
          <Button
            look="primary"
            focus="first"
            onPress={() => {
              dispatch({ do: "restartAgent" });
            }}
          >
            Start again
          </Button>
          <Button
            onPress={() => {
              dispatch({ do: "showLog" });
            }}
          >
            Show log
          </Button>
          <CopyReport state={state} dispatch={dispatch} />
        </>
      }
    >
      <p class="lead">
        <Words text={message ?? "Its agent ended. The log says more."} />
      </p>
    </Page>
  );
}

export function NotConfigured({ state, dispatch }: Props) {
  return (
    <Page
      icon="gear"
      title="Where is your CodeStream server?"
      actions={
        <>
          <Button
            look="primary"
            focus="first"
            onPress={() => {
              dispatch({ do: "openSettings" });
            }}
          >
            Open settings
          </Button>
          {state.trouble && <CopyReport state={state} dispatch={dispatch} />}
        </>
      }
    >
      <p class="lead">Set its address, for example https://api.example.com. Your administrator knows it.</p>
    </Page>
  );
}

export function Trouble({ state, dispatch, error }: Props & { error: BridgeError }) {
  const text = failing(error.data?.kind);
  const retryAt = state.trouble?.retryAt;
  return (
    <Page
      icon={error.data?.kind === "serverUnreachable" ? "offline" : "error"}
      title={text.title}
      actions={
        <>
          <Button
            look="primary"
            name="refresh"
            focus="first"
            busy={isWaitingFor(state, "list")}
            onPress={() => {
              dispatch({ do: "refresh" });
            }}
          >
            Try again
          </Button>
          <Button
            icon="gear"
            onPress={() => {
              dispatch({ do: "openSettings" });
            }}
          >
            Settings
          </Button>
          <Button
            onPress={() => {
              dispatch({ do: "showLog" });
            }}
          >
            Show log
          </Button>
          <CopyReport state={state} dispatch={dispatch} />
        </>
      }
    >
      <p class="lead">
        <Words text={error.message} />
      </p>
      {state.host?.serverUrl && <p class="address">{state.host.serverUrl}</p>}
      {retryAt !== undefined && (
        <p class="muted">
          {retryAt > state.now
            ? `Trying again in ${Math.ceil((retryAt - state.now) / 1000)} s`
            : "Trying again"}
        </p>
      )}
    </Page>
  );
}

function CopyReport({ state, dispatch }: Props) {
  return (
    <CopyButton
      copied={state.copied?.what === "report"}
      name="report"
      onPress={() => {
        dispatch({ do: "copyReport" });
      }}
    >
      Copy details
    </CopyButton>
  );
}

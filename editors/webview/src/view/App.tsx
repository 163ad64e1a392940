/** The view: one page, what is said across it, and the live region. */
import type { Dispatch } from "../driver";
import { isApart, page } from "../select";
import type { Banner, State } from "../state";
import { Spinner } from "./icons";
import { AgentFailed, Loading, NotConfigured, Starting, Trouble } from "./Pages";
import { Access } from "./Access";
import { Message, Name, Words } from "./parts";
import { Services } from "./Services";
import { SignIn } from "./SignIn";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function App({ state, dispatch }: Props) {
  return (
    <main class="view">
      <h1 class="visually-hidden">CodeStream</h1>
      <Banners state={state} dispatch={dispatch} />
      <PageOf state={state} dispatch={dispatch} />
      <div class="visually-hidden" role="status" aria-live="polite">
        <p key={state.said.serial}>
          <Words text={state.said.text} />
        </p>
      </div>
    </main>
  );
}

function PageOf({ state, dispatch }: Props) {
  const now = page(state);
  switch (now.page) {
    case "starting":
      return <Starting />;
    case "failed":
      return (
        <AgentFailed
          state={state}
          dispatch={dispatch}
          {...(now.message !== undefined && { message: now.message })}
        />
      );
    case "notConfigured":
      return <NotConfigured state={state} dispatch={dispatch} />;
    case "trouble":
      return <Trouble state={state} dispatch={dispatch} error={now.error} />;
    case "loading":
      return <Loading />;
    case "signIn":
      return <SignIn state={state} dispatch={dispatch} />;
    case "services":
      return <Services state={state} dispatch={dispatch} />;
    case "access":
      return <Access state={state} dispatch={dispatch} />;
  }
}

function Banners({ state, dispatch }: Props) {
  const shows = page(state).page;
  const lists = shows === "services" || shows === "signIn" || shows === "access";
  const restarting = state.agent.status !== "running" && lists;
  return (
    <div class="banners">
      {restarting && (
        <p class="strip">
          <Spinner /> <span>Restarting CodeStream. Your connections stay as they are.</span>
        </p>
      )}
      {isApart(state) && (
        <p class="strip">
          <Spinner /> <span>Reconnecting to the server. You stay signed in.</span>
        </p>
      )}
      {state.banner && lists && (
        <BannerLine
          banner={state.banner}
          onClose={() => {
            dispatch({ do: "closeBanner" });
          }}
        />
      )}
    </div>
  );
}

function BannerLine({ banner, onClose }: { banner: Banner; onClose: () => void }) {
  switch (banner.kind) {
    case "welcome":
      return (
        <Message tone="good" title={<SignedInAs email={banner.email} />} onClose={onClose}>
          {banner.status === "signedIn"
            ? undefined
            : "Your account is ready. Connect the services you work with."}
        </Message>
      );
    case "signedOut":
      return banner.reason === "requested" ? (
        <Message tone="quiet" onClose={onClose}>
          You are signed out.
        </Message>
      ) : (
        <Message tone="warning" title="Your session has ended" onClose={onClose}>
          Sign in again. Your connections are kept.
        </Message>
      );
    case "problem":
      return (
        <Message tone="bad" onClose={onClose}>
          {banner.error.message}
        </Message>
      );
  }
}

function SignedInAs({ email }: { email: string }) {
  return (
    <>
      Signed in as <Name text={email} />
    </>
  );
}

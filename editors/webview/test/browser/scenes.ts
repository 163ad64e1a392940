/** Every state of the view: how to get there. The tests look at each in every theme, and take its picture. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { AttemptEnd } from "../../../../protocol/bindings/AttemptEnd";
import {
  attempt,
  bitbucket,
  DAY,
  github,
  gitlab,
  HOUR,
  intercom,
  jira,
  MINUTE,
  newrelicByToken,
  NOW,
  octocat,
  provider,
  rows,
  session,
  signedOut,
  slack,
  status,
  trello,
  unknown,
  withAccounts,
} from "../fixtures";
import { accessScenes, OTHER_BROWSER } from "./accessScenes";
import { button, changed, press, refusal, type Scene } from "./act";

/** Pressed Connect at GitHub, and it goes on like this. */
const connecting =
  (change: Partial<Attempt> = {}, after = 0): Scene =>
  async (view) => {
    await view.start();
    await press(view, "Connect to GitHub", attempt(github, change));
    if (after > 0) await view.page.clock.runFor(after);
  };

const ended =
  (end: AttemptEnd): Scene =>
  async (view) => {
    await connecting()(view);
    await view.say(changed(attempt(github, { end })));
  };

const connectedAs = (who: string) => ({ who, since: NOW, expiresAt: NOW + 8 * HOUR });

const signingIn =
  (change: Partial<Attempt> = {}): Scene =>
  async (view) => {
    await view.start({ status: signedOut });
    await press(view, "Sign up with GitHub", attempt(github, { kind: "signIn", ...change }));
  };

const unfolded =
  (name: string, start: Scene): Scene =>
  async (view) => {
    await start(view);
    await button(view, name).click();
  };

const oneConnected: Scene = (view) => view.start({ providers: rows(withAccounts(github, octocat)) });

const brokenByToken = withAccounts(newrelicByToken, { who: "mona", since: NOW - DAY, error: "tokenRevoked" });

const several = withAccounts(
  slack,
  { who: "mona (acme)", since: NOW - 3 * DAY, providerTeamId: "T0ACME000" },
  {
    who: "mona.lisa (Side project)",
    since: NOW - 90 * DAY,
    providerTeamId: "T0SIDE000",
    error: "token_revoked",
  },
);

const selfHosted = withAccounts(
  provider("github", "GitHub", "git.example.com", [], { added: true, canUseToken: true }),
  { who: "mona", since: NOW - 2 * HOUR },
);

const disconnected =
  (revoked: "yes" | "unsupported" | "failed"): Scene =>
  async (view) => {
    await unfolded("Details of octocat at GitHub", oneConnected)(view);
    await button(view, "Disconnect octocat from GitHub").click();
    await button(view, "Disconnect").click();
    const { id } = await view.request("codestream/provider/disconnect");
    const manualUrl = "https://github.com/settings/applications";
    await view.reply(id, revoked === "yes" ? { revoked } : { revoked, manualUrl });
    await view.say({
      type: "notification",
      method: "codestream/didChangeData",
      params: { type: "providers", data: rows(github) },
    });
  };

export const scenes: Record<string, Scene> = {
  ...accessScenes,
  "agent-starting": (view) =>
    view.say(
      { type: "host", ide: "VS Code", version: "1.100.3", extensionVersion: "0.1.0", serverUrl: "" },
      { type: "agent", status: "starting" },
    ),
  "agent-failed": (view) =>
    view.say({
      type: "agent",
      status: "failed",
      message: "The agent ended five times within a minute, the last time with status 101.",
    }),
  "agent-restarting": async (view) => {
    await oneConnected(view);
    await view.say({ type: "agent", status: "restarting" });
  },
  "not-configured": (view) =>
    view.start(
      {
        status: { ...signedOut, server: "" },
        providers: refusal("notConfigured", "Set `codestream.serverUrl`."),
      },
      "",
    ),
  loading: async (view) => {
    await view.say({ type: "agent", status: "running" });
    await view.request("codestream/status");
  },
  "server-unreachable": (view) =>
    view.start({
      status: signedOut,
      providers: refusal(
        "serverUnreachable",
        "The server does not answer: the connection was refused. Check that it runs and that you are online.",
        true,
      ),
    }),
  "server-untrusted": (view) =>
    view.start({
      status: signedOut,
      providers: refusal(
        "tlsUntrusted",
        "The certificate of api.example.com was issued by “Example Corp Inspection CA”, which is not trusted. Add it with the setting `extraCerts`.",
      ),
    }),
  reconnecting: async (view) => {
    await oneConnected(view);
    await view.say({
      type: "notification",
      method: "codestream/didChangeConnectionStatus",
      params: { status: "reconnecting" },
    });
    await view.page.clock.runFor(3000);
  },
  "sign-up": (view) => view.start({ status: signedOut }),
  "sign-up-permissions": unfolded("5 permissions of GitHub", (view) => view.start({ status: signedOut })),
  "sign-in": unfolded("Sign in", (view) => view.start({ status: signedOut })),
  "sign-up-waiting": signingIn({ matchCode: "XJ4BNP" }),
  "sign-up-known-address": signingIn({
    end: {
      outcome: "failed",
      kind: "alreadyRegistered",
      code: "USRC-1006",
      message: "mona@example.com signed up with GitLab. Sign in with GitLab.",
    },
  }),
  "sign-in-unknown": async (view) => {
    await view.start({ status: signedOut });
    await button(view, "Sign in").click();
    const end: AttemptEnd = {
      outcome: "failed",
      kind: "notRegistered",
      code: "USRC-1010",
      message: "Nobody is known under this GitHub account. Sign up with it first.",
    };
    await press(view, "Sign in with GitHub", attempt(github, { kind: "signIn", end }));
  },
  "signed-in-first-time": async (view) => {
    await signingIn({ end: { outcome: "signedIn", account: session.email } })(view);
    view.answers.status = status();
    await view.say({
      type: "notification",
      method: "codestream/didLogin",
      params: {
        session: { ...session, serverUrl: "https://api.example.com" },
        signupStatus: "teamCreated",
      },
    });
    await view.settled();
  },
  "signed-out": async (view) => {
    await oneConnected(view);
    view.answers.status = signedOut;
    await view.say({ type: "notification", method: "codestream/didLogout", params: { reason: "requested" } });
  },
  "session-ended": async (view) => {
    await oneConnected(view);
    view.answers.status = signedOut;
    await view.say({
      type: "notification",
      method: "codestream/didLogout",
      params: { reason: "sessionEnded" },
    });
  },
  services: (view) => view.start({ providers: rows(intercom, unknown) }),
  "services-permissions": unfolded("5 permissions of GitHub", (view) => view.start()),
  "no-services": (view) => view.start({ providers: [] }),
  "connect-pressed": async (view) => {
    await view.start();
    await button(view, "Connect to GitHub").click();
    await view.request("codestream/provider/connect");
  },
  "connect-opening": connecting({ step: "opening" }),
  "connect-waiting": connecting({ expiresAt: NOW + 5 * MINUTE - 28_000 }),
  "connect-match-code": connecting({ matchCode: "XJ4BNP" }),
  "connect-hint": connecting({}, 21_000),
  "connect-finishing": connecting({ step: "finishing" }),
  "connect-copied": async (view) => {
    await connecting()(view);
    await button(view, "Copy link").click();
    const { id } = await view.request("codestream/attempt/reopen");
    await view.reply(id, { url: "https://api.example.com/web/provider-auth/github?code=fresh" });
    await view.reply((await view.command("copy")).id, {});
  },
  "connect-reopen-failed": async (view) => {
    await connecting()(view);
    await button(view, "Open again").click();
    const { id } = await view.request("codestream/attempt/reopen");
    await view.reply(id, refusal("serverUnreachable", "The server does not answer. Try again.", true));
  },
  "connect-copy-failed": async (view) => {
    await connecting()(view);
    await button(view, "Copy link").click();
    const { id } = await view.request("codestream/attempt/reopen");
    await view.reply(id, refusal("serverUnreachable", "The server does not answer. Try again.", true));
  },
  "connect-other-browser": connecting({ note: OTHER_BROWSER }),
  "connect-two": async (view) => {
    await connecting()(view);
    const attemptId = "0f0e0d0c-8b86-4d01-b42d-00cf4fc964ff";
    await press(view, "Connect to Bitbucket", attempt(bitbucket, { attemptId, step: "opening" }));
  },
  "connect-connected": async (view) => {
    await ended({ outcome: "connected", account: "octocat" })(view);
    await view.say({
      type: "notification",
      method: "codestream/didChangeData",
      params: { type: "providers", data: rows(withAccounts(github, connectedAs("octocat"))) },
    });
  },
  "connect-declined": ended({
    outcome: "failed",
    kind: "declined",
    code: "PRVD-1006",
    message: "You declined. Nothing was changed.",
  }),
  "connect-cancelled": ended({
    outcome: "cancelled",
    kind: "cancelled",
    message: "You cancelled. Nothing was changed.",
  }),
  "connect-expired": ended({
    outcome: "expired",
    kind: "expired",
    message: "Nobody approved in the browser in time. Start again.",
  }),
  "connect-failed": ended({
    outcome: "failed",
    kind: "exchangeRefused",
    code: "PRVD-1001",
    message: "GitHub refused to hand out access: the code has expired. Start again.",
  }),
  "connect-admin-approval": ended({
    outcome: "failed",
    kind: "adminApproval",
    code: "PRVD-1011",
    message: "Your organisation lets only approved apps in. Ask an administrator to approve CodeStream.",
    link: "https://login.example.com/organizations/adminconsent?client_id=7f1c",
  }),
  "connect-sso-required": ended({
    outcome: "failed",
    kind: "ssoRequired",
    message: "acme wants its single sign-on. Authorise CodeStream for it on GitHub's page, then try again.",
    link: "https://github.com/orgs/acme/sso?authorization_request=7f1c",
  }),
  "connect-refused": async (view) => {
    await view.start();
    await button(view, "Connect to Trello").click();
    const { id } = await view.request("codestream/provider/connect");
    await view.reply(
      id,
      refusal(
        "providerNotConfigured",
        "Trello is not set up on the server. Ask its administrator to add its client id.",
      ),
    );
  },
  "connected-details": unfolded("Details of octocat at GitHub", oneConnected),
  "connected-broken": (view) =>
    view.start({ providers: rows(withAccounts(jira, { ...octocat, error: "invalid_grant" })) }),
  "connected-several": (view) => view.start({ providers: rows(several) }),
  "connected-several-details": unfolded("Details of mona (acme) at Slack", (view) =>
    view.start({ providers: rows(several) }),
  ),
  "self-hosted-refused": async (view) => {
    await view.start();
    await button(view, "1 permission of GitLab").click();
    await button(view, "Add self-hosted GitLab").click();
    const { id } = await view.command("addHost");
    await view.reply(
      id,
      refusal(
        "unknownProvider",
        "Something answers at git.example.com, but it is not GitLab. Check the address, and its path.",
      ),
    );
  },
  "self-hosted-remove-asked": async (view) => {
    await unfolded("Details of mona at GitHub", (one) => one.start({ providers: rows(selfHosted) }))(view);
    await button(view, "Remove GitHub at git.example.com").click();
  },
  "connected-self-hosted": unfolded("Details of mona at GitHub", (view) =>
    view.start({ providers: rows(withAccounts(github, octocat), selfHosted) }),
  ),
  "reconnect-asked": async (view) => {
    await unfolded("Details of octocat at GitHub", oneConnected)(view);
    await button(view, "Reconnect octocat at GitHub").click();
  },
  "reconnect-waiting": async (view) => {
    await view.start({
      providers: rows(withAccounts(gitlab, { who: "mona", since: NOW - DAY, error: "invalid_grant" })),
    });
    await press(view, "Reconnect mona at GitLab", attempt(gitlab));
  },
  "reconnected-as-another": async (view) => {
    await unfolded("Details of octocat at GitHub", oneConnected)(view);
    await button(view, "Reconnect octocat at GitHub").click();
    await press(view, "Reconnect", attempt(github));
    await view.say(changed(attempt(github, { end: { outcome: "connected", account: "hubot" } })), {
      type: "notification",
      method: "codestream/didChangeData",
      params: { type: "providers", data: rows(withAccounts(github, connectedAs("hubot"))) },
    });
  },
  "token-only": unfolded("1 permission of New Relic", (view) =>
    view.start({ providers: rows(newrelicByToken) }),
  ),
  "token-only-pressed": async (view) => {
    await view.start({ providers: rows(newrelicByToken) });
    await button(view, "Use a token of New Relic").click();
    await view.command("useToken");
  },
  "token-only-broken": (view) => view.start({ providers: rows(brokenByToken) }),
  "token-only-reconnect-pressed": async (view) => {
    await view.start({ providers: rows(brokenByToken) });
    await button(view, "Reconnect mona at New Relic").click();
    await view.command("useToken");
  },
  "token-only-reconnect-refused": async (view) => {
    await view.start({ providers: rows(brokenByToken) });
    await button(view, "Reconnect mona at New Relic").click();
    const { id } = await view.command("useToken");
    await view.reply(id, refusal("tokenRevoked", "New Relic does not accept this token."));
  },
  "token-only-reconnect-asked": async (view) => {
    const works = withAccounts(newrelicByToken, { who: "mona", since: NOW - DAY });
    await unfolded("Details of mona at New Relic", (one) => one.start({ providers: rows(works) }))(view);
    await button(view, "Reconnect mona at New Relic").click();
  },
  "disconnect-asked": async (view) => {
    await unfolded("Details of octocat at GitHub", oneConnected)(view);
    await button(view, "Disconnect octocat from GitHub").click();
  },
  disconnecting: async (view) => {
    await unfolded("Details of octocat at GitHub", oneConnected)(view);
    await button(view, "Disconnect octocat from GitHub").click();
    await button(view, "Disconnect").click();
    await view.request("codestream/provider/disconnect");
  },
  "disconnected-revoked": disconnected("yes"),
  "disconnected-by-hand": disconnected("unsupported"),
  "disconnected-unconfirmed": disconnected("failed"),
  "token-refused": async (view) => {
    await view.start();
    await button(view, `2 permissions of ${trello.displayName}`).click();
    await button(view, "Use a token of Trello").click();
    const { id } = await view.command("useToken");
    await view.reply(
      id,
      refusal("tokenRevoked", "Trello does not accept this token. Check that it was copied whole."),
    );
  },
};

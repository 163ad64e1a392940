/** An example of every message of the bridge, typed; `golden/bridge.json` is written from here for those who are not TypeScript. */
import type { HostToView, Provider, ViewToHost } from "../src/bridge";
import type { Identity } from "../../../protocol/bindings/Identity";
import type { SessionRow } from "../../../protocol/bindings/SessionRow";
import type { Attempt } from "../../../protocol/bindings/Attempt";

const waiting: Attempt = {
  attemptId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  kind: "connect",
  provider: "github",
  providerId: "github*com",
  step: "waiting",
  host: "github.com",
  url: "https://api.example.com/web/provider-auth/github?code=a%26b%2Bc%20d%23%C3%BC",
  startedAt: 1795000000000,
  expiresAt: 1795000300000,
  matchCode: "XJ4BNP",
};

const github: Provider = {
  providerId: "github*com",
  name: "github",
  displayName: "GitHub",
  host: "github.com",
  connected: true,
  canSignUp: true,
  canUseToken: true,
  canAddHost: true,
  apiBase: "https://api.github.com/",
  scopes: [{ scope: "read:user", reason: "show which account is connected" }],
  accounts: [{ who: "octocat", since: 1795000000000, expiresAt: 1795028800000 }],
};

const slack: Provider = {
  providerId: "slack*com",
  name: "slack",
  displayName: "Slack",
  host: "slack.com",
  connected: true,
  canSignUp: true,
  canUseToken: false,
  apiBase: "https://slack.com/api/",
  scopes: [{ scope: "channels:read", reason: "list your channels" }],
  accounts: [
    { who: "mona", since: 1795000000000, providerTeamId: "T0AAAAAAA" },
    { who: "mona", since: 1795000000000, providerTeamId: "T0BBBBBBB", error: "token_revoked" },
  ],
};

const attemptId = waiting.attemptId;

const confirming: Attempt = {
  ...waiting,
  kind: "link",
  step: "confirming",
  account: "eve",
  note: "The link was opened in another browser.",
};

const identity: Identity = {
  identityId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  provider: "github",
  providerId: "github*com",
  host: "github.com",
  displayName: "GitHub",
  name: "octocat",
  since: 1795000000000,
  origin: "signUp",
};

const session: SessionRow = {
  sessionId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  current: false,
  ide: "Neovim",
  machine: "mona-laptop",
  provider: "github",
  since: 1795000000000,
  lastUsedAt: 1795000000000,
  address: "192.0.2.7",
};

const viewToHost: ViewToHost[] = [
  { type: "ready" },
  { type: "request", id: 1, method: "codestream/status", params: {} },
  { type: "request", id: 2, method: "codestream/provider/list", params: {} },
  { type: "request", id: 3, method: "codestream/provider/connect", params: { providerId: "github*com" } },
  {
    type: "request",
    id: 4,
    method: "codestream/provider/disconnect",
    params: { providerId: "slack*com", providerTeamId: "T0AAAAAAA" },
  },
  {
    type: "request",
    id: 5,
    method: "codestream/provider/remove",
    params: { providerId: "git*example*com" },
  },
  { type: "request", id: 6, method: "codestream/login/sso", params: { provider: "github", signup: true } },
  { type: "request", id: 7, method: "codestream/attempt/cancel", params: { attemptId } },
  { type: "request", id: 8, method: "codestream/attempt/reopen", params: { attemptId } },
  { type: "request", id: 9, method: "codestream/logout", params: {} },
  { type: "command", id: 10, command: "copy", args: { text: waiting.url } },
  {
    type: "command",
    id: 11,
    command: "openExternal",
    args: { url: "https://github.com/settings/applications" },
  },
  { type: "command", id: 12, command: "useToken", args: { providerId: "github*com" } },
  { type: "command", id: 13, command: "addHost", args: { providerId: "github*com" } },
  { type: "command", id: 14, command: "openSettings", args: {} },
  { type: "command", id: 15, command: "showLog", args: {} },
  { type: "command", id: 16, command: "restartAgent", args: {} },
  { type: "request", id: 19, method: "codestream/login/link", params: { provider: "github*com" } },
  { type: "request", id: 20, method: "codestream/attempt/confirm", params: { attemptId } },
  { type: "request", id: 21, method: "codestream/attempt/reopen", params: { attemptId, open: false } },
  { type: "request", id: 22, method: "codestream/login/identities", params: {} },
  {
    type: "request",
    id: 23,
    method: "codestream/login/unlink",
    params: { identityId: identity.identityId },
  },
  { type: "request", id: 24, method: "codestream/session/list", params: {} },
  { type: "request", id: 25, method: "codestream/session/end", params: { sessionId: session.sessionId } },
  { type: "request", id: 26, method: "codestream/session/end", params: {} },
  {
    type: "request",
    id: 27,
    method: "codestream/provider/remove",
    params: { providerId: "git*example*com", confirmed: true },
  },
  {
    type: "command",
    id: 28,
    command: "addHost",
    args: { providerId: "github*com", host: "git.example.com" },
  },
];

const hostToView: HostToView[] = [
  {
    type: "host",
    ide: "VS Code",
    version: "1.100.3",
    extensionVersion: "0.1.0",
    serverUrl: "https://api.example.com",
  },
  { type: "agent", status: "starting" },
  { type: "agent", status: "running" },
  { type: "agent", status: "running", resuming: true },
  { type: "agent", status: "restarting", message: "The agent ended with status 101. Starting it again." },
  {
    type: "agent",
    status: "failed",
    message: "The agent ended five times within a minute. See the log, then restart it.",
  },
  {
    type: "response",
    id: 1,
    result: {
      server: "https://api.example.com",
      session: {
        userId: "0102030405060708090a0b0c",
        email: "mona@example.com",
        teamId: "0c0b0a090807060504030201",
      },
      connection: "reconnected",
      attempts: [waiting],
    },
  },
  { type: "response", id: 2, result: { providers: [github, slack] } },
  { type: "response", id: 3, result: { attemptId, url: waiting.url, expiresAt: waiting.expiresAt } },
  {
    type: "response",
    id: 4,
    result: { revoked: "unsupported", manualUrl: "https://slack.com/apps/manage" },
  },
  {
    type: "response",
    id: 8,
    result: { url: "https://api.example.com/web/provider-auth/github?code=another" },
  },
  { type: "response", id: 12, result: { cancelled: true } },
  { type: "response", id: 14, result: {} },
  { type: "response", id: 22, result: { identities: [identity] } },
  { type: "response", id: 24, result: { sessions: [session] } },
  { type: "response", id: 26, result: { ended: 1 } },
  {
    type: "response",
    id: 27,
    error: {
      code: -32803,
      message: "Removing it also disconnects Ada.",
      data: { kind: "forbidden", retryable: false, affected: ["Ada"] },
    },
  },
  {
    type: "response",
    id: 28,
    result: {
      providerId: "git*example*com",
      redirectUri: "https://api.example.com/no-auth/provider-token/github/git*example*com",
    },
  },
  {
    type: "response",
    id: 17,
    error: {
      code: -32803,
      message: "The server does not answer. Check the connection and try again.",
      data: { kind: "serverUnreachable", provider: "github", step: "opening", retryable: true },
    },
  },
  {
    type: "response",
    id: 18,
    error: { code: -32601, message: "A view may not ask for codestream/login/token." },
  },
  { type: "notification", method: "codestream/attempt/didChange", params: { attempt: waiting } },
  { type: "notification", method: "codestream/attempt/didChange", params: { attempt: confirming } },
  {
    type: "notification",
    method: "codestream/attempt/didChange",
    params: {
      attempt: {
        ...waiting,
        end: {
          outcome: "failed",
          kind: "declined",
          code: "PRVD-1006",
          message: "You declined. Nothing was changed.",
        },
      },
    },
  },
  {
    type: "notification",
    method: "codestream/didChangeData",
    params: { type: "providers", data: [github, slack] },
  },
  {
    type: "notification",
    method: "codestream/didChangeConnectionStatus",
    params: { status: "reconnected", reset: true },
  },
  {
    type: "notification",
    method: "codestream/didLogin",
    params: {
      session: {
        userId: "0102030405060708090a0b0c",
        email: "mona@example.com",
        teamId: "0c0b0a090807060504030201",
        serverUrl: "https://api.example.com",
      },
      signupStatus: "teamCreated",
    },
  },
  { type: "notification", method: "codestream/didLogout", params: { reason: "sessionEnded" } },
  { type: "theme", kind: "dark", variables: { "--cs-background": "#2b2d30", "--cs-foreground": "#dfe1e5" } },
  { type: "focus", providerId: "github*com" },
  { type: "focus" },
];

export const golden = { viewToHost, hostToView };

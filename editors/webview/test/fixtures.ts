/** Services, accounts and attempts as an agent tells them. */
import type { Account } from "../../../protocol/bindings/Account";
import type { Attempt } from "../../../protocol/bindings/Attempt";
import type { Identity } from "../../../protocol/bindings/Identity";
import type { SessionRow } from "../../../protocol/bindings/SessionRow";
import type { Status } from "../../../protocol/bindings/Status";
import type { Provider } from "../src/bridge";

/** Wed 18 Nov 2026, 11:33:20 UTC. */
export const NOW = 1_795_001_600_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function provider(
  name: string,
  displayName: string,
  host: string,
  scopes: [string, string][],
  more: Partial<Provider> = {},
): Provider {
  return {
    providerId: host.replaceAll(".", "*"),
    name,
    displayName,
    host,
    connected: false,
    canSignUp: true,
    canUseToken: false,
    apiBase: `https://api.${host}/`,
    scopes: scopes.map(([scope, reason]) => ({ scope, reason })),
    accounts: [],
    ...more,
  };
}

export function withAccounts(row: Provider, ...accounts: Account[]): Provider {
  return { ...row, accounts, connected: accounts.some((account) => account.error === undefined) };
}

export const asana = provider("asana", "Asana", "app.asana.com", [
  ["users:read", "show which account is connected"],
  ["tasks:read", "list the tasks that are assigned to you"],
  ["tasks:write", "create tasks from code"],
]);
export const azure = provider("azuredevops", "Azure DevOps", "dev.azure.com", [
  ["vso.work_write", "read and create work items"],
  ["vso.profile", "show which account is connected"],
]);
export const bitbucket = provider(
  "bitbucket",
  "Bitbucket",
  "bitbucket.org",
  [
    ["account", "show which account is connected"],
    ["pullrequest:write", "read and comment on pull requests"],
  ],
  { canUseToken: true, canAddHost: true },
);
export const github = provider(
  "github",
  "GitHub",
  "github.com",
  [
    ["repo", "read and comment on pull requests, also in private repositories"],
    ["read:user", "show which account is connected"],
    ["user:email", "recognise you by your verified e-mail address"],
    ["notifications", "show what waits for you"],
    ["read:org", "find the repositories of your organisations"],
  ],
  { canUseToken: true, canAddHost: true },
);
export const gitlab = provider(
  "gitlab",
  "GitLab",
  "gitlab.com",
  [["api", "read and comment on merge requests and issues"]],
  { canUseToken: true, canAddHost: true },
);
export const intercom = provider("intercom", "Intercom", "app.intercom.com", []);
export const jira = provider("jira", "Jira", "auth.atlassian.com", [
  ["read:jira-work", "list the issues that are assigned to you"],
  ["write:jira-work", "create issues and move them on"],
  ["offline_access", "stay connected without asking you every hour"],
]);
export const linear = provider(
  "linear",
  "Linear",
  "linear.app",
  [
    ["read", "list the issues that are assigned to you"],
    ["issues:create", "create issues from code"],
  ],
  { canSignUp: false },
);
export const msteams = provider("msteams", "Microsoft Teams", "login.microsoftonline.com", [
  ["User.Read", "show which account is connected"],
]);
export const newrelic = provider(
  "newrelic",
  "New Relic",
  "newrelic.com",
  [["user key", "show errors and metrics beside the code"]],
  { canSignUp: false, canUseToken: true },
);
export const slack = provider("slack", "Slack", "slack.com", [
  ["channels:read", "list the channels that you can share to"],
  ["chat:write", "post what you share, in your name"],
]);
export const trello = provider(
  "trello",
  "Trello",
  "trello.com",
  [
    ["read", "list your boards and cards"],
    ["write", "create and update cards"],
  ],
  { canSignUp: false, canUseToken: true },
);
export const unknown = provider("forge", "Forge", "forge.example.com", [["read", "list your projects"]]);

export const twelve = [
  asana,
  azure,
  bitbucket,
  github,
  gitlab,
  intercom,
  jira,
  linear,
  msteams,
  newrelic,
  slack,
  trello,
];

/** On a server where no app of its own is registered there. */
export const newrelicByToken: Provider = { ...newrelic, tokenOnly: true };

export const octocat: Account = { who: "octocat", since: NOW - 40 * DAY, expiresAt: NOW + 6 * HOUR };

/** The twelve with some rows replaced or added. */
export function rows(...changed: Provider[]): Provider[] {
  const rest = twelve.filter((row) => !changed.some((other) => other.providerId === row.providerId));
  return [...rest, ...changed].sort((a, b) => a.name.localeCompare(b.name));
}

export const SERVER = "https://api.example.com";

export const session = {
  userId: "0102030405060708090a0b0c",
  email: "mona@example.com",
  teamId: "0c0b0a090807060504030201",
};

export function status(change: Partial<Status> = {}): Status {
  return { server: SERVER, session, connection: "reconnected", attempts: [], ...change };
}

export const signedOut: Status = { server: SERVER, connection: "disconnected", attempts: [] };

export function attempt(row: Provider, change: Partial<Attempt> = {}): Attempt {
  return {
    attemptId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    kind: "connect",
    provider: row.name,
    providerId: row.providerId,
    step: "waiting",
    host: row.host,
    url: `${SERVER}/web/provider-auth/${row.name}?code=a%26b%2Bc%20d%23%C3%BC`,
    startedAt: NOW,
    expiresAt: NOW + 5 * MINUTE,
    ...change,
  };
}

export function identity(row: Provider, change: Partial<Identity> = {}): Identity {
  const { name: provider, providerId, host, displayName } = row;
  return {
    identityId: `identity-${providerId}`,
    provider,
    providerId,
    host,
    displayName,
    name: "octocat",
    since: NOW - 40 * DAY,
    origin: "signUp",
    ...change,
  };
}

export const identities = [
  identity(github),
  identity(gitlab, { name: "mona@example.com", since: NOW - HOUR, origin: "linked" }),
];

export function sessionRow(change: Partial<SessionRow> = {}): SessionRow {
  return {
    sessionId: "session-here",
    current: false,
    ide: "VS Code",
    machine: "mona-laptop",
    provider: "github",
    since: NOW - 3 * DAY,
    lastUsedAt: NOW - 5 * MINUTE,
    address: "192.0.2.7",
    ...change,
  };
}

export const sessions = [
  sessionRow({ current: true, lastUsedAt: NOW }),
  sessionRow({
    sessionId: "session-there",
    ide: "IntelliJ IDEA",
    machine: "build-server-of-the-whole-company.example.com",
    provider: "gitlab",
    lastUsedAt: NOW - 2 * DAY,
    address: "2001:db8:85a3::8a2e:370:7334",
  }),
];

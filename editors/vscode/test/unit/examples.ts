/** Things that the agent says, for tests. The names are made up: nothing here may depend on a real service. */
import type { Attempt, Provider } from "../../src/protocol";

export const SERVER = "https://api.example.com";

export const provider = (more: Partial<Provider> = {}): Provider => ({
  providerId: "code*example*com",
  name: "example",
  displayName: "Example",
  host: "code.example.com",
  connected: false,
  canSignUp: true,
  canUseToken: true,
  apiBase: "https://code.example.com/api/",
  scopes: [{ scope: "me", reason: "show which account is connected" }],
  accounts: [],
  ...more,
});

export const connected = provider({ connected: true, accounts: [{ who: "mona", since: 1 }] });

export const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  attemptId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  kind: "connect",
  provider: "example",
  providerId: "code*example*com",
  step: "waiting",
  host: "code.example.com",
  url: `${SERVER}/web/provider-auth/example?code=hunter2`,
  startedAt: 1_795_000_000_000,
  expiresAt: 1_795_000_300_000,
  ...more,
});

export const login = (token: string) => ({
  session: { userId: "u1", email: "mona@example.com", teamId: "t1", token, serverUrl: SERVER },
  signupStatus: "signedIn" as const,
});

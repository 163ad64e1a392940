/**
 * The session's home: VS Code's secret store, one entry per server. The only place that keeps a session token.
 */
import type { LoginSession, StoredToken } from "./protocol";

/** What is needed of `vscode.SecretStorage`. */
export interface Secrets {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** What is needed of `vscode.SecretStorage` to hear of the other windows. */
export interface WatchedSecrets {
  onDidChange(heard: (change: { key: string }) => unknown): { dispose(): unknown };
}

/** Calls back whenever a window has stored or forgotten the session of the server that is configured at that time. */
export function onSessionChange(
  secrets: WatchedSecrets,
  server: () => string,
  changed: () => void,
): { dispose(): unknown } {
  return secrets.onDidChange(({ key }) => {
    if (key === secretKey(server())) changed();
  });
}

/** The entry of a server: the same for every way to write its address. */
export function secretKey(serverUrl: string): string {
  let address = serverUrl.trim();
  try {
    address = new URL(address).href;
  } catch {
    // Not an address: then nothing was ever kept under it.
  }
  return `codestream.session:${address.replace(/\/+$/, "")}`;
}

export class SessionStore {
  constructor(private readonly secrets: Secrets) {}

  /** The session that was kept for a server. */
  async load(serverUrl: string): Promise<StoredToken | undefined> {
    const text = await this.secrets.get(secretKey(serverUrl));
    return text === undefined ? undefined : read(text);
  }

  /** Resolves with whether it was not there before. */
  async save(session: LoginSession): Promise<boolean> {
    const kept: StoredToken = {
      url: session.serverUrl,
      email: session.email,
      value: session.token,
      ...(session.teamId && { teamId: session.teamId }),
    };
    const text = JSON.stringify(kept);
    const key = secretKey(session.serverUrl);
    // Storing wakes every other window; the agent tells of a session that it was given, too.
    if ((await this.secrets.get(key)) === text) return false;
    await this.secrets.store(key, text);
    return true;
  }

  /** Forgets a session that has ended; another window may have signed in anew meanwhile, and that one stays. */
  async forget(serverUrl: string, token: string): Promise<void> {
    const kept = await this.load(serverUrl);
    if (kept?.value === token) await this.secrets.delete(secretKey(serverUrl));
  }
}

function read(text: string): StoredToken | undefined {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== "object" || kept === null) return undefined;
    const { value } = kept as Partial<StoredToken>;
    return typeof value === "string" && value !== "" ? (kept as StoredToken) : undefined;
  } catch {
    return undefined;
  }
}

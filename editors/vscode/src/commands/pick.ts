/**
 * The rows of the commands' menus, made of what the agent lists. Pure.
 */
import { placeText } from "../../../webview/src/text";
import { since } from "../../../webview/src/time";
import type { Account, Identity, Provider, SessionRow } from "../protocol";

/** A row; shaped as a `QuickPickItem`. */
export interface Row {
  label: string;
  description?: string;
  detail?: string;
  provider: Provider;
}

export interface AccountRow extends Row {
  account: Account;
}

/** Services to connect. */
export function toConnect(providers: readonly Provider[]): Row[] {
  return providers.map((provider) => {
    const who = provider.accounts.filter(({ error }) => !error).map((account) => account.who);
    const broken = provider.accounts.some(({ error }) => error);
    return {
      label: provider.displayName,
      description: provider.host,
      detail: who.length ? `Connected as ${who.join(", ")}` : broken ? "To reconnect" : asked(provider),
      provider,
    };
  });
}

/** Accounts to disconnect: one row each. */
export function toDisconnect(providers: readonly Provider[]): AccountRow[] {
  return providers.flatMap((provider) =>
    provider.accounts.map((account) => ({
      label: provider.displayName,
      description: account.who,
      detail: account.error ? "To reconnect" : provider.host,
      provider,
      account,
    })),
  );
}

/** Services that can prove who somebody is. */
export function toSignIn(providers: readonly Provider[]): Row[] {
  return providers
    .filter(({ canSignUp }) => canSignUp)
    .map((provider) => ({ label: provider.displayName, description: provider.host, provider }));
}

/** One line on what is asked for and why. */
function asked({ scopes }: Provider): string {
  return scopes.length ? `Asks to ${scopes.map(({ reason }) => reason).join(", ")}` : "";
}

export interface IdentityRow {
  label: string;
  description?: string;
  detail?: string;
  /** Absent: adds one. */
  identity?: Identity;
}

/** Ways to sign in, and one row to add another. */
export function toIdentities(identities: readonly Identity[]): IdentityRow[] {
  return [
    ...identities.map((identity) => ({
      label: identity.displayName,
      description: identity.name ?? identity.host,
      detail: identity.origin === "signUp" ? "Signed up with this account" : "Added",
      identity,
    })),
    { label: "$(plus) Add a way to sign in…" },
  ];
}

/** Services that a way to sign in can be added of. */
export function toLink(providers: readonly Provider[]): Row[] {
  return toSignIn(providers.filter(({ tokenOnly, reAdd }) => tokenOnly !== true && reAdd !== true));
}

export interface SessionPick {
  label: string;
  description?: string;
  detail: string;
  session: SessionRow;
}

export function toSessions(sessions: readonly SessionRow[], now: number): SessionPick[] {
  return sessions.map((session) => ({
    label: placeText(session),
    ...(session.current && { description: "This window" }),
    detail: [
      session.since > 0 ? `since ${since(session.since, now) ?? ""}` : "",
      session.lastUsedAt === undefined ? "" : `last used ${since(session.lastUsedAt, now) ?? ""}`,
      session.address ?? "",
    ]
      .filter((fact) => fact !== "")
      .join(" · "),
    session,
  }));
}

/**
 * The rows of the commands' menus, made of what the agent lists. Pure.
 */
import type { Account, Provider } from "../protocol";

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

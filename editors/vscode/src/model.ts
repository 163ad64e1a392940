/**
 * What the extension itself knows of the agent's world: for the status bar, the commands' menus and the end of an attempt.
 * A pure function of what the agent said; the view keeps a state of its own.
 */
import type { AttemptEnd } from "../../../protocol/bindings/AttemptEnd";
import type { AgentState } from "./agent/supervisor";
import type {
  Account,
  Attempt,
  ConnectionStatus,
  DidChangeData,
  NotificationName,
  Provider,
  SessionInfo,
  Status,
} from "./protocol";

export interface Model {
  agent: AgentState;
  /** Whether a server is configured. */
  configured: boolean;
  session?: SessionInfo;
  /** There is a session that the server has not confirmed yet: it may be out of reach. */
  resuming: boolean;
  connection: ConnectionStatus;
  providers: readonly Provider[];
  /** By id; ended ones too, until the next start. */
  attempts: ReadonlyMap<string, Attempt>;
}

export const EMPTY: Model = {
  agent: { status: "stopped" },
  configured: false,
  resuming: false,
  connection: "disconnected",
  providers: [],
  attempts: new Map(),
};

export type Event =
  | { type: "agent"; state: AgentState }
  | { type: "launching"; configured: boolean; resuming: boolean }
  | { type: "status"; status: Status }
  | { type: "providers"; providers: readonly Provider[] }
  | { type: "notification"; method: NotificationName; params: unknown };

export function reduce(model: Model, event: Event): Model {
  switch (event.type) {
    case "agent":
      // A new agent knows nothing of the old one's attempts; who is signed in it tells by itself.
      return event.state.status === "running"
        ? { ...model, agent: event.state }
        : { ...without(model), agent: event.state, attempts: new Map(), connection: "disconnected" };
    case "launching":
      return { ...model, configured: event.configured, resuming: event.resuming };
    case "status": {
      const { session, connection, attempts } = event.status;
      return {
        ...(session ? { ...model, session } : without(model)),
        connection,
        attempts: new Map(attempts.map((attempt) => [attempt.attemptId, attempt])),
      };
    }
    case "providers":
      return { ...model, providers: event.providers };
    case "notification":
      return notified(model, event.method, event.params);
  }
}

function notified(model: Model, method: NotificationName, params: unknown): Model {
  switch (method) {
    case "codestream/attempt/didChange": {
      const { attempt } = params as { attempt: Attempt };
      return { ...model, attempts: new Map(model.attempts).set(attempt.attemptId, attempt) };
    }
    case "codestream/didLogin": {
      // The token is not kept here: only what a person may see.
      const { userId, email, teamId } = (params as { session: SessionInfo }).session;
      return { ...model, resuming: false, session: { userId, email, ...(teamId && { teamId }) } };
    }
    case "codestream/didLogout":
      return { ...without(model), resuming: false, connection: "disconnected", attempts: new Map() };
    case "codestream/didChangeData": {
      const { type, data } = params as DidChangeData;
      return type === "providers" ? { ...model, providers: data as Provider[] } : model;
    }
    case "codestream/didChangeConnectionStatus":
      return { ...model, connection: (params as { status: ConnectionStatus }).status };
  }
}

/** The model with nobody signed in. */
function without(model: Model): Model {
  const rest = { ...model };
  delete rest.session;
  return rest;
}

/** The service of an attempt, for a person. */
export function serviceOf(model: Model, attempt: Attempt): string {
  const service = model.providers.find(({ providerId }) => providerId === attempt.providerId);
  return service?.displayName ?? attempt.host;
}

/** Attempts under way, in the order of their starts. */
export function running(model: Model): Attempt[] {
  return [...model.attempts.values()].filter((attempt) => !attempt.end);
}

/** What a person is told of accesses that a service has taken back: once for each, when it becomes known. */
export function lost(before: Model, after: Model): string[] {
  if (before.providers === after.providers) return [];
  const had = new Set(accounts(before).flatMap(([name, account]) => (account.error ? [] : [name])));
  return accounts(after).flatMap(([name, { who, error }, { displayName }]) =>
    error && had.has(name)
      ? [`${displayName} does not accept the access${who && ` of ${who}`} any more. Reconnect to go on.`]
      : [],
  );
}

/** Every account with a name that it keeps. */
function accounts({ providers }: Model): [string, Account, Provider][] {
  return providers.flatMap((provider) =>
    provider.accounts.map((account): [string, Account, Provider] => [
      JSON.stringify([provider.providerId, account.providerTeamId]),
      account,
      provider,
    ]),
  );
}

/** What a person is told of the end of an attempt when the view does not show it; nothing when it was their own doing. */
export function ending(
  model: Model,
  attempt: Attempt,
  end: AttemptEnd,
): { good: boolean; text: string } | undefined {
  const name = serviceOf(model, attempt);
  switch (end.outcome) {
    case "connected":
      if (attempt.kind === "link") {
        const whom = end.account ? `${end.account} at ${name}` : `Your ${name} account`;
        return { good: true, text: `${whom} can now sign in as you.` };
      }
      return {
        good: true,
        text: end.account ? `${name}: connected as ${end.account}.` : `${name}: connected.`,
      };
    case "signedIn":
      return { good: true, text: end.account ? `Signed in as ${end.account}.` : "Signed in." };
    case "failed":
    case "expired":
      return { good: false, text: `${name}: ${end.message ?? "the attempt ended without success."}` };
    case "cancelled":
    case "superseded":
      return undefined;
  }
}

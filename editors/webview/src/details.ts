/**
 * What a person pastes into a report or a request. Pure.
 *
 * Never a secret: an attempt's link is left out, since whoever has it can finish the attempt, and so is what an address
 * says before its `@`.
 */
import { withoutUser } from "./address";
import { attemptOf, providerIdOf } from "./state/turn";
import type { Key, State } from "./state/model";

const iso = (at: number) => new Date(at).toISOString();

function lines(pairs: [string, string | undefined][]): string {
  return pairs
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "")
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function environment(state: State): [string, string | undefined][] {
  const { host, agent, server, way, connection, session, now } = state;
  const address = server ?? host?.serverUrl;
  return [
    ["Server", address && withoutUser(address)],
    ["Proxy", way?.proxy],
    ["Certificate authorities", way?.trust],
    ["Certificates", way && (way.strict ? "checked" : "NOT CHECKED, as the settings ask")],
    ["Signed in", session ? `user ${session.userId}, team ${session.teamId ?? "none"}` : "no"],
    ["Channel", `${connection.status} since ${iso(connection.since)}`],
    ["Agent", agent.message === undefined ? agent.status : `${agent.status} (${agent.message})`],
    ["Plugin", host && `${host.extensionVersion} in ${host.ide} ${host.version}`],
    ["Copied", iso(now)],
  ];
}

/** About a service: its attempt, its account, its last problem. */
export function detailsOf(state: State, key: Key, providerTeamId?: string): string {
  const providerId = providerIdOf(key);
  const row = state.providers?.find((one) => one.providerId === providerId);
  const account = row?.accounts.find((one) => one.providerTeamId === providerTeamId);
  const attempt = attemptOf(state, key);
  const end = attempt?.end;
  const noted = state.notes[key];
  const problem = noted?.kind === "problem" ? noted.error : undefined;
  return lines([
    ["Service", row ? `${row.displayName} (${row.providerId}), ${row.host}` : providerId],
    ["API", row?.apiBase],
    ["Account", account?.who],
    ["Workspace", account?.providerTeamId],
    ["Connected since", account && account.since > 0 ? iso(account.since) : undefined],
    ["Next refresh by", account?.expiresAt === undefined ? undefined : iso(account.expiresAt)],
    ["Account error", account?.error],
    ["Scopes", account && row?.scopes.map(({ scope }) => scope).join(" ")],
    ["Attempt", attempt?.attemptId],
    ["Kind", attempt?.kind],
    ["Step", attempt?.step],
    ["Started", attempt && iso(attempt.startedAt)],
    ["Expires", attempt && iso(attempt.expiresAt)],
    ["Ended", end && [end.outcome, end.kind, end.code].filter((part) => part !== undefined).join(", ")],
    ["Message", end?.message],
    ["Page", end?.link],
    ["Problem", problem?.message],
    [
      "Problem code",
      problem &&
        [problem.code, problem.data?.kind, problem.data?.step, problem.data?.serverCode].join(" ").trim(),
    ],
    ...environment(state),
  ]);
}

/** About everything. */
export function reportOf(state: State): string {
  const error = state.trouble?.error;
  return lines([
    ["Problem", error?.message],
    ["Problem code", error && [error.code, error.data?.kind, error.data?.serverCode].join(" ").trim()],
    ["Retries", state.trouble && String(state.trouble.tries)],
    ...environment(state),
  ]);
}

/** For the administrator who must approve. */
export function requestOf(state: State, key: Key): string {
  const providerId = providerIdOf(key);
  const row = state.providers?.find((one) => one.providerId === providerId);
  const scopes = row?.scopes.map(({ scope, reason }) => `- ${scope}: to ${reason}`) ?? [];
  const page = attemptOf(state, key)?.end?.link;
  return [
    `Please approve CodeStream for our organisation at ${row?.displayName ?? providerId} (${row?.host ?? providerId}).`,
    ...(page === undefined ? [] : [`You do so here: ${page}`]),
    ...(scopes.length > 0 ? ["It asks for:", ...scopes] : []),
  ].join("\n");
}

/** What the host says. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { HostToView, NotificationMessage, Provider } from "../bridge";
import { confirmQuestion, endText, stepText } from "../text";
import { answer } from "./answer";
import { keyOf, type Key, type State, type Turn } from "./model";
import { attemptOf, keep, listAccess, note, providerName, refresh, request, say, set, unset } from "./turn";

export function receive(turn: Turn, message: HostToView): void {
  switch (message.type) {
    case "host": {
      const { ide, version, extensionVersion, serverUrl } = message;
      const moved = turn.state.host !== undefined && turn.state.host.serverUrl !== serverUrl;
      set(turn, { host: { ide, version, extensionVersion, serverUrl } });
      if (moved && turn.state.agent.status === "running") refresh(turn);
      return;
    }
    case "agent":
      agent(turn, message);
      return;
    case "response":
      answer(turn, message);
      return;
    case "notification":
      notified(turn, message);
      return;
    case "theme":
      turn.effects.push({ do: "theme", kind: message.kind, variables: message.variables });
      return;
    case "focus":
      turn.effects.push(
        message.providerId === undefined ? { do: "focus" } : { do: "focus", region: message.providerId },
      );
      return;
  }
}

function agent(turn: Turn, { status, message, resuming = false }: State["agent"]): void {
  set(turn, { agent: { status, ...(message !== undefined && { message }), ...(resuming && { resuming }) } });
  if (status === "running") {
    refresh(turn);
    return;
  }
  // Whatever the agent was doing ended with it: nothing may wait for an answer that will not come.
  const lost = new Set<Key>();
  for (const attempt of turn.state.attempts) {
    if (!attempt.end) lost.add(keyOf(attempt.kind, attempt.providerId));
  }
  for (const pending of Object.values(turn.state.pending)) {
    if (pending.for === "press") lost.add(pending.key);
  }
  set(turn, { pending: {}, attempts: turn.state.attempts.filter((attempt) => attempt.end) });
  for (const key of lost) {
    const error = { code: -32803, message: "The agent was restarted, so this was given up. Start again." };
    note(turn, key, { kind: "problem", doing: "press", error });
  }
  if (status === "failed") say(turn, message ?? "The CodeStream agent does not start.");
}

function notified(turn: Turn, message: NotificationMessage): void {
  switch (message.method) {
    case "codestream/attempt/didChange":
      attemptChanged(turn, message.params.attempt);
      return;
    case "codestream/didChangeData":
      if (message.params.type === "providers" && Array.isArray(message.params.data)) {
        set(turn, { providers: message.params.data as Provider[] });
      }
      return;
    case "codestream/didChangeConnectionStatus": {
      const { status, reset } = message.params;
      if (status !== turn.state.connection.status) {
        set(turn, { connection: { status, since: turn.state.now } });
      }
      if (reset) refresh(turn);
      return;
    }
    case "codestream/didLogin": {
      const { session, signupStatus } = message.params;
      const { userId, email, teamId } = session;
      set(turn, { session: teamId === undefined ? { userId, email } : { userId, email, teamId } });
      // Who was signed in all along is not welcomed.
      if (!turn.state.agent.resuming) set(turn, { banner: { kind: "welcome", email, status: signupStatus } });
      resumed(turn);
      say(turn, `Signed in as ${email}.`);
      refresh(turn);
      return;
    }
    case "codestream/didLogout":
      resumed(turn);
      signedOut(turn);
      set(turn, { banner: { kind: "signedOut", reason: message.params.reason }, mode: "signIn" });
      say(
        turn,
        message.params.reason === "requested"
          ? "You are signed out."
          : "Your session has ended. Sign in again.",
      );
      request(turn, "codestream/provider/list", {}, { for: "list" });
      return;
  }
}

/** The server has spoken. */
function resumed(turn: Turn): void {
  const { status, message } = turn.state.agent;
  set(turn, { agent: message === undefined ? { status } : { status, message } });
}

/** Forgets what belongs to a session. */
export function signedOut(turn: Turn): void {
  unset(turn, "session", "asking", "access", "trouble");
  const providers = turn.state.providers?.map((row) => ({ ...row, connected: false, accounts: [] }));
  set(turn, {
    attempts: turn.state.attempts.filter((attempt) => attempt.kind === "signIn" && !attempt.end),
    notes: {},
    open: [],
    ...(providers && { providers }),
  });
}

function attemptChanged(turn: Turn, attempt: Attempt): void {
  const key = keyOf(attempt.kind, attempt.providerId);
  const before = attemptOf(turn.state, key);
  keep(turn, attempt);
  if (attemptOf(turn.state, key) !== attempt) return;
  const name = providerName(turn.state, attempt.providerId);
  if (!attempt.end) {
    const same = before?.attemptId === attempt.attemptId ? before : undefined;
    if (attempt.note !== undefined && attempt.note !== same?.note) {
      say(turn, `${name}: ${attempt.note}`);
    } else if (attempt.step !== same?.step) {
      const asks = attempt.step === "confirming" ? confirmQuestion(attempt.account, name) : undefined;
      say(turn, asks ?? `${name}: ${stepText(attempt.step, attempt.host)}`);
    }
    return;
  }
  if (before?.attemptId === attempt.attemptId && before.end) return;
  const { outcome, account, message } = attempt.end;
  switch (outcome) {
    case "connected": {
      if (attempt.kind === "link") {
        note(turn, key, { kind: "linked", ...(account !== undefined && { who: account }) });
        if (turn.state.access) listAccess(turn, "identities");
        break;
      }
      const was = turn.state.presses[key]?.was;
      note(turn, key, {
        kind: "connected",
        ...(account !== undefined && { who: account }),
        ...(was !== undefined && was !== "" && account !== undefined && account !== was && { was }),
        ...(message !== undefined && { doubt: message }),
      });
      break;
    }
    case "cancelled":
      note(turn, key, { kind: "cancelled" });
      break;
    case "signedIn":
    case "failed":
    case "expired":
    case "superseded":
      break;
  }
  // `didLogin` says the rest of a sign-in; who started again knows it.
  if (outcome !== "signedIn" && outcome !== "superseded")
    say(turn, endText(attempt.end, name, attempt.kind).sentence);
}

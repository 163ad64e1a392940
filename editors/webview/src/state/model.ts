/** What the view knows. Plain data: no functions, no DOM, and never a token. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { AttemptId } from "../../../../protocol/bindings/AttemptId";
import type { AttemptKind } from "../../../../protocol/bindings/AttemptKind";
import type { ConnectionStatus } from "../../../../protocol/bindings/ConnectionStatus";
import type { Disconnected } from "../../../../protocol/bindings/Disconnected";
import type { Identity } from "../../../../protocol/bindings/Identity";
import type { LogoutReason } from "../../../../protocol/bindings/LogoutReason";
import type { SessionRow } from "../../../../protocol/bindings/SessionRow";
import type { SessionInfo } from "../../../../protocol/bindings/SessionInfo";
import type { Way } from "../../../../protocol/bindings/Way";
import type { SignupStatus } from "../../../../protocol/bindings/SignupStatus";
import type {
  AgentStatus,
  BridgeError,
  HostInfo,
  HostToView,
  Provider,
  ThemeKind,
  ViewToHost,
} from "../bridge";

/** Names what an attempt is for: a kind and a service. */
export type Key = `${AttemptKind}:${string}`;

export function keyOf(kind: AttemptKind, providerId: string): Key {
  return `${kind}:${providerId}`;
}

/** A press of Connect, Sign in or a way to add, as this view made it; kept to repeat it. */
export interface Press {
  kind: AttemptKind;
  providerId: string;
  /** The lower-case name. */
  provider: string;
  providerTeamId?: string;
  signup?: boolean;
  /** Who was connected before. */
  was?: string;
  at: number;
  /** Once the agent has answered. */
  attemptId?: AttemptId;
  /** Cancelled before the agent had answered. */
  cancelled?: boolean;
}

/** What a row says about the last thing done with it. */
export type Note =
  | { kind: "connected"; who?: string; was?: string; doubt?: string }
  | { kind: "linked"; who?: string }
  | { kind: "cancelled" }
  | { kind: "disconnected"; who: string; result: Disconnected }
  | { kind: "added"; redirectUri: string }
  | { kind: "removed" }
  | { kind: "problem"; doing: Doing; error: BridgeError };

/** What failed, so that Try again repeats that. */
export type Doing =
  "press" | "disconnect" | "remove" | "useToken" | "addHost" | "reopen" | "copyLink" | "confirm";

/** Waits for a yes before something that cannot be taken back. */
export type Asking =
  | { what: "reconnect" | "disconnect" | "remove"; providerId: string; providerTeamId?: string; who: string }
  /** A host that others have accounts at. */
  | { what: "removeForAll"; providerId: string; who: string; affected: readonly string[] }
  | { what: "unlink"; identityId: string }
  | { what: "endOthers" };

/** The parts of the page about the person's account. */
export type Part = "identities" | "sessions";

/** Ways to sign in and sessions, as the agent listed them; absent until it has. */
export interface Access {
  identities?: readonly Identity[];
  sessions?: readonly SessionRow[];
  /** What came of the last thing done in a part. */
  results: Partial<Record<Part, { good: true; text: string } | { good: false; error: BridgeError }>>;
}

/** A request that has no answer yet. */
export type Pending =
  | { for: "status" }
  | { for: "list" }
  | { for: "logout" }
  | { for: "press"; key: Key }
  | { for: "cancel"; attemptId: AttemptId }
  | { for: "reopen" | "copyLink" | "confirm"; attemptId: AttemptId; key: Key }
  | { for: "disconnect"; providerId: string; providerTeamId?: string; who: string }
  | { for: "remove"; providerId: string; host: string }
  | { for: "addHost"; providerId: string }
  | { for: Part }
  | { for: "unlink"; identityId: string }
  | { for: "endSession"; sessionId?: string }
  | { for: "useToken"; key: Key }
  | { for: "copy"; what: string }
  | { for: "nothing" };

/** Across the top, about all of it. */
export type Banner =
  | { kind: "signedOut"; reason: LogoutReason }
  | { kind: "welcome"; email: string; status: SignupStatus }
  | { kind: "problem"; error: BridgeError };

export interface State {
  now: number;
  nextId: number;
  pending: Readonly<Record<number, Pending>>;
  host?: HostInfo;
  agent: { status: AgentStatus; message?: string; resuming?: boolean };
  /** The server's URL as the agent has it; absent until it said so. */
  server?: string;
  /** The way there, as the agent has it. */
  way?: Way;
  session?: SessionInfo;
  connection: { status: ConnectionStatus; since: number };
  providers?: readonly Provider[];
  /** Why there is no list, or no newer one. */
  trouble?: { error: BridgeError; tries: number; retryAt?: number };
  /** Of each kind and service the newest. */
  attempts: readonly Attempt[];
  dismissed: readonly AttemptId[];
  presses: Readonly<Record<Key, Press>>;
  notes: Readonly<Record<Key, Note>>;
  asking?: Asking;
  /** There while the page about the person's account is open. */
  access?: Access;
  /** Names of what is unfolded. */
  open: readonly string[];
  mode: "signUp" | "signIn";
  banner?: Banner;
  /** What was just copied, and until when that is shown. */
  copied?: { what: string; until: number };
  /** For the live region; the serial makes equal sentences heard twice. */
  said: { text: string; serial: number };
}

export const initial: State = {
  now: 0,
  nextId: 1,
  pending: {},
  agent: { status: "starting" },
  connection: { status: "disconnected", since: 0 },
  attempts: [],
  dismissed: [],
  presses: {},
  notes: {},
  open: [],
  mode: "signUp",
  said: { text: "", serial: 0 },
};

/** What a person does. */
export type Action =
  | { do: "connect"; providerId: string; providerTeamId?: string; was?: string }
  | { do: "signIn"; providerId: string; signup: boolean }
  | { do: "link"; providerId: string }
  | { do: "tryAgain"; key: Key }
  | { do: "cancel" | "reopen" | "copyLink" | "allow" | "dismiss"; key: Key }
  | { do: "copyDetails"; key: Key; providerTeamId?: string }
  | { do: "copyReport" }
  | { do: "copyRequest"; key: Key }
  | { do: "useToken"; key: Key }
  | { do: "addHost"; providerId: string; host?: string }
  | { do: "copyRedirect"; providerId: string }
  | { do: "openAccess" | "closeAccess" }
  | { do: "endSession"; sessionId: string }
  | { do: "list" | "closeResult"; part: Part }
  | { do: "ask"; asking: Asking }
  | { do: "unask" | "confirm" }
  | { do: "toggle"; name: string }
  | { do: "mode"; mode: State["mode"] }
  | { do: "refresh" | "signOut" | "openSettings" | "showLog" | "restartAgent" | "closeBanner" }
  | { do: "openExternal"; url: string };

/** What happened. */
export type Event =
  { type: "message"; message: HostToView } | { type: "action"; action: Action } | { type: "tick" };

/** What is to be done outside. */
export type Effect =
  | { do: "post"; message: ViewToHost }
  /** The keyboard focus goes to the first thing to do in that region. */
  | { do: "focus"; region?: string }
  | { do: "theme"; kind: ThemeKind; variables: Record<string, string> };

/** A state on its way to the next one. */
export interface Turn {
  state: State;
  effects: Effect[];
}

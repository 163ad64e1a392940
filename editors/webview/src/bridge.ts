/**
 * The bridge: every message between the view and its host (a plugin), and nothing else.
 *
 * One JSON message per post. The host passes requests on to the agent, does the few things that only a host can do, and
 * passes the agent's notifications on. No token crosses the bridge: the host removes `session.token` from `didLogin`, and
 * tokens and app secrets are typed into the host's own password box. `golden/bridge.json` holds an example of each message.
 */
import type { AttemptDidChange } from "../../../protocol/bindings/AttemptDidChange";
import type { AttemptParams } from "../../../protocol/bindings/AttemptParams";
import type { DidChangeConnectionStatus } from "../../../protocol/bindings/DidChangeConnectionStatus";
import type { DidChangeData } from "../../../protocol/bindings/DidChangeData";
import type { DidLogin } from "../../../protocol/bindings/DidLogin";
import type { DidLogout } from "../../../protocol/bindings/DidLogout";
import type { Disconnected } from "../../../protocol/bindings/Disconnected";
import type { ErrorData } from "../../../protocol/bindings/ErrorData";
import type { Identities } from "../../../protocol/bindings/Identities";
import type { LinkParams } from "../../../protocol/bindings/LinkParams";
import type { LoginSession } from "../../../protocol/bindings/LoginSession";
import type { ProviderParams } from "../../../protocol/bindings/ProviderParams";
import type { ProviderSummary } from "../../../protocol/bindings/ProviderSummary";
import type { RemoveParams } from "../../../protocol/bindings/RemoveParams";
import type { ReopenParams } from "../../../protocol/bindings/ReopenParams";
import type { Reopened } from "../../../protocol/bindings/Reopened";
import type { SessionEnd } from "../../../protocol/bindings/SessionEnd";
import type { SessionList } from "../../../protocol/bindings/SessionList";
import type { SessionsEnded } from "../../../protocol/bindings/SessionsEnded";
import type { SsoParams } from "../../../protocol/bindings/SsoParams";
import type { Started } from "../../../protocol/bindings/Started";
import type { Status } from "../../../protocol/bindings/Status";
import type { UnlinkParams } from "../../../protocol/bindings/UnlinkParams";

/** A row of `codestream/provider/list`; what an older agent does not say is absent. */
export type Provider = ProviderSummary & {
  /** Whether a self-hosted host of this kind can be added. */
  canAddHost?: boolean;
  /** Whether the user added it, so that it can be removed. */
  added?: boolean;
};

/** Nothing to say. */
export type Empty = Record<string, never>;

/** The requests that a host passes on to the agent; any other method is answered with -32601. */
export interface Requests {
  "codestream/status": { params: Empty; result: Status };
  "codestream/provider/list": { params: Empty; result: { providers: Provider[] } };
  "codestream/provider/connect": { params: ProviderParams; result: Started };
  "codestream/provider/disconnect": { params: ProviderParams; result: Disconnected };
  "codestream/provider/remove": { params: RemoveParams; result: Empty };
  "codestream/login/sso": { params: SsoParams; result: Started };
  "codestream/login/link": { params: LinkParams; result: Started };
  "codestream/login/identities": { params: Empty; result: Identities };
  "codestream/login/unlink": { params: UnlinkParams; result: Empty };
  "codestream/session/list": { params: Empty; result: SessionList };
  "codestream/session/end": { params: SessionEnd; result: SessionsEnded };
  "codestream/attempt/confirm": { params: AttemptParams; result: Empty };
  "codestream/attempt/cancel": { params: AttemptParams; result: Empty };
  "codestream/attempt/reopen": { params: ReopenParams; result: Reopened };
  "codestream/logout": { params: Empty; result: Empty };
}

/** What only a host can do. */
export interface Commands {
  /** To the clipboard. */
  copy: { text: string };
  /** To the system browser; http and https only. */
  openExternal: { url: string };
  /** The host asks for a token in its own password box and has the agent verify and keep it. */
  useToken: { providerId: string };
  /** The host asks for the address of a self-hosted service, and for a token or an app's credentials; `host` is suggested. */
  addHost: { providerId: string; host?: string };
  openSettings: Empty;
  showLog: Empty;
  restartAgent: Empty;
}

export type Method = keyof Requests;
export type CommandName = keyof Commands;

/** A command's answer; `cancelled` when the person closed the host's box. */
export interface Commanded {
  cancelled?: boolean;
  /** Of `addHost`: the service that was added, and the redirect URL to register in its app. */
  providerId?: string;
  redirectUri?: string;
}

export type RequestMessage = {
  [M in Method]: { type: "request"; id: number; method: M; params: Requests[M]["params"] };
}[Method];

export type CommandMessage = {
  [C in CommandName]: { type: "command"; id: number; command: C; args: Commands[C] };
}[CommandName];

/** `ready`: the view listens. Sent once; the host answers with `host` and the agent's state. */
export type ViewToHost = { type: "ready" } | RequestMessage | CommandMessage;

/** Who hosts the view. Sent after `ready` and when the settings change. */
export interface HostInfo {
  /** For a person, e.g. `VS Code`. */
  ide: string;
  version: string;
  extensionVersion: string;
  /** Empty when none is configured. */
  serverUrl: string;
}

export type AgentStatus = "starting" | "running" | "restarting" | "failed";

/** As JSON-RPC has it. */
export interface BridgeError {
  code: number;
  /** For a person: what happened and what to do. */
  message: string;
  data?: ErrorData;
}

/** `codestream/didLogin` as a view may see it. */
export interface DidLoginSafe {
  session: Omit<LoginSession, "token">;
  signupStatus: DidLogin["signupStatus"];
}

/** The notifications that a host passes on. */
export interface Notifications {
  "codestream/attempt/didChange": AttemptDidChange;
  "codestream/didChangeData": DidChangeData;
  "codestream/didChangeConnectionStatus": DidChangeConnectionStatus;
  "codestream/didLogin": DidLoginSafe;
  "codestream/didLogout": DidLogout;
}

export type NotificationMessage = {
  [N in keyof Notifications]: { type: "notification"; method: N; params: Notifications[N] };
}[keyof Notifications];

export type ResponseMessage =
  { type: "response"; id: number; result: unknown } | { type: "response"; id: number; error: BridgeError };

export type ThemeKind = "light" | "dark" | "highContrast" | "highContrastLight";

export type HostToView =
  | ({ type: "host" } & HostInfo)
  /** `resuming`: it was given the kept session, and the server has not said yet whether that is still good. */
  | { type: "agent"; status: AgentStatus; message?: string; resuming?: boolean }
  | ResponseMessage
  | NotificationMessage
  /** From hosts whose pages have no theme of their own: CSS custom properties, and the kind of theme. */
  | { type: "theme"; kind: ThemeKind; variables: Record<string, string> }
  /** The person came by a command: the keyboard focus goes to that row, or to the first action. */
  | { type: "focus"; providerId?: string };

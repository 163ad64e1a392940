/**
 * What the extension itself says to the agent: names of methods, with the types that are generated from the protocol crate.
 * Must not hold a shape of its own.
 */
import type { AddParams } from "../../../protocol/bindings/AddParams";
import type { Added } from "../../../protocol/bindings/Added";
import type { ConfigureParams } from "../../../protocol/bindings/ConfigureParams";
import type { LoginResult } from "../../../protocol/bindings/LoginResult";
import type { TokenParams } from "../../../protocol/bindings/TokenParams";
import type { Empty, Requests as ViewRequests } from "../../webview/src/bridge";

export type { Account } from "../../../protocol/bindings/Account";
export type { Attempt } from "../../../protocol/bindings/Attempt";
export type { ConnectionStatus } from "../../../protocol/bindings/ConnectionStatus";
export type { DidChangeData } from "../../../protocol/bindings/DidChangeData";
export type { DidLogin } from "../../../protocol/bindings/DidLogin";
export type { ErrorData } from "../../../protocol/bindings/ErrorData";
export type { ErrorKind } from "../../../protocol/bindings/ErrorKind";
export type { Identity } from "../../../protocol/bindings/Identity";
export type { InitializationOptions } from "../../../protocol/bindings/InitializationOptions";
export type { LoginSession } from "../../../protocol/bindings/LoginSession";
export type { SessionInfo } from "../../../protocol/bindings/SessionInfo";
export type { SessionRow } from "../../../protocol/bindings/SessionRow";
export type { Status } from "../../../protocol/bindings/Status";
export type { StoredToken } from "../../../protocol/bindings/StoredToken";
export type { TraceLevel } from "../../../protocol/bindings/TraceLevel";
export type { Provider } from "../../webview/src/bridge";

/** Every request that the extension sends: those of the view, and those that carry what only the IDE may ask for. */
export interface Requests extends ViewRequests {
  "codestream/provider/configure": { params: ConfigureParams; result: Empty };
  "codestream/provider/add": { params: AddParams; result: Added };
  "codestream/login/token": { params: TokenParams; result: LoginResult };
}

export type Method = keyof Requests;

/** Sends a request to the agent. Rejects with a [`RequestError`]. */
export type Request = <M extends Method>(
  method: M,
  params: Requests[M]["params"],
) => Promise<Requests[M]["result"]>;

/** The notifications of the agent. */
export const NOTIFICATIONS = [
  "codestream/attempt/didChange",
  "codestream/didLogin",
  "codestream/didLogout",
  "codestream/didChangeData",
  "codestream/didChangeConnectionStatus",
] as const;

export type NotificationName = (typeof NOTIFICATIONS)[number];

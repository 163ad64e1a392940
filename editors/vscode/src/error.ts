/**
 * What a request can fail with, for the view and for messages. Must not show anything to anybody.
 */
import type { BridgeError } from "../../webview/src/bridge";
import type { ErrorData } from "./protocol";

/** JSON-RPC: no such method. */
export const METHOD_NOT_FOUND = -32601;
/** JSON-RPC: bad params. */
export const INVALID_PARAMS = -32602;
/** LSP: the request was right and could not be done. */
export const REQUEST_FAILED = -32803;

/** A failure with what JSON-RPC says of it. The message is for a person. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly code: number,
    message: string,
    readonly data?: ErrorData,
  ) {
    super(message);
  }
}

/** The agent is not there. */
export function agentDown(message: string): RequestError {
  return new RequestError(REQUEST_FAILED, message, { kind: "internal", retryable: true });
}

/** As the view is told. */
export function bridgeError(error: unknown): BridgeError {
  const known = requestError(error);
  return {
    code: known.code,
    message: known.message,
    ...(known.data && { data: known.data }),
  };
}

/** Reads whatever was thrown: a `ResponseError` of the language client has `code` and `data` too. */
export function requestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (!(error instanceof Error)) return new RequestError(REQUEST_FAILED, String(error));
  const { code, data } = error as Error & { code?: unknown; data?: unknown };
  return new RequestError(
    typeof code === "number" ? code : REQUEST_FAILED,
    error.message,
    isErrorData(data) ? data : undefined,
  );
}

function isErrorData(data: unknown): data is ErrorData {
  return typeof data === "object" && data !== null && "kind" in data && typeof data.kind === "string";
}

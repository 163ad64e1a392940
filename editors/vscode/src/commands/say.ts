/**
 * How a failure is told to a person: its message, and a button for what mends it.
 */
import { commands } from "vscode";
import { openExternal } from "../agent/links";
import { requestError } from "../error";
import type { ErrorKind } from "../protocol";
import { showErrorMessage } from "../notices";

interface Remedy {
  title: string;
  run: () => Thenable<unknown>;
}

const command = (title: string, id: string, ...args: unknown[]): Remedy => ({
  title,
  run: () => commands.executeCommand(id, ...args),
});

const SIGN_IN = command("Sign In", "codestream.signIn");
const SETTINGS = command("Open Settings", "workbench.action.openSettings", "codestream");
const LOG = command("Show Log", "codestream.showLog");

const REMEDIES: Partial<Record<ErrorKind, Remedy>> = {
  notSignedIn: SIGN_IN,
  notConfigured: SETTINGS,
  notCodeStream: SETTINGS,
  tlsUntrusted: SETTINGS,
  proxyAuth: SETTINGS,
  proxyNeedsTls: SETTINGS,
  serverUnreachable: LOG,
  internal: LOG,
};

/** Shows it, and does not wait for the message to be closed. */
export function showFailure(failure: unknown): void {
  const { message, data } = requestError(failure);
  const link = data?.link;
  const remedy: Remedy | undefined =
    link === undefined ? data && REMEDIES[data.kind] : { title: "Open Page", run: () => openExternal(link) };
  void offer(showErrorMessage(message, ...(remedy ? [remedy.title] : [])), remedy);
}

/** Runs what was offered if it was taken. */
export async function offer(chosen: Thenable<string | undefined>, remedy: Remedy | undefined): Promise<void> {
  if ((await chosen) === remedy?.title) await remedy?.run();
}

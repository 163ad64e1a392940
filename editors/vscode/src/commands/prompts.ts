/**
 * What a person types into VS Code's own boxes, so that it never enters the web view: tokens, and a self-hosted service's
 * address and credentials.
 */
import { ProgressLocation, window } from "vscode";
import { requestError } from "../error";
import type { Commanded } from "../../../webview/src/bridge";
import type { Provider, Request } from "../protocol";
import { plain, showWarningMessage } from "../notices";

const CANCELLED: Commanded = { cancelled: true };

const required = (value: string): string | undefined =>
  value.trim() ? undefined : "Something must be entered.";

/** Asks for one line; a secret is not shown. */
async function ask(
  title: string,
  prompt: string,
  secret: boolean,
  placeHolder = "",
  value = "",
): Promise<string | undefined> {
  const entered = await window.showInputBox({
    title,
    prompt,
    placeHolder,
    value,
    password: secret,
    // A token is copied from a browser: the box must outlive the way there.
    ignoreFocusOut: true,
    validateInput: required,
  });
  return entered?.trim();
}

function busy<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Notification, title: plain(title) }, work);
}

/** A token that the person made: verified by one call to the service before it is kept. */
export async function useToken(provider: Provider, request: Request): Promise<Commanded> {
  const { displayName, providerId, host } = provider;
  const token = await ask(`Use a token for ${displayName}`, `A token that you made at ${host}.`, true);
  if (token === undefined) return CANCELLED;
  const data: Record<string, string> = { accessToken: token };
  for (const field of provider.tokenFields ?? []) {
    const text = await ask(`Use a token for ${displayName}`, `${field.prompt}.`, false, field.example);
    if (text === undefined) return CANCELLED;
    data[field.name] = text;
  }
  await busy(`Checking the token with ${displayName}`, () =>
    request("codestream/provider/configure", { providerId, data, verify: true }),
  );
  return {};
}

/** A self-hosted service of the same kind; `known` is one that is added again. */
export async function addHost(provider: Provider, request: Request, known = ""): Promise<Commanded> {
  const { displayName, providerId } = provider;
  const title = `Add your own ${displayName}`;
  const host = await ask(title, "Its address; any of its pages will do.", false, "https://", known);
  if (host === undefined) return CANCELLED;

  const TOKEN = { label: "A token", detail: "One that you made there, for yourself." };
  const APP = {
    label: "An app",
    detail: "Id and secret of an app registered there, for everybody on your team.",
  };
  const how = await window.showQuickPick([TOKEN, APP], {
    title,
    placeHolder: "How to reach it",
    ignoreFocusOut: true,
  });
  if (how === undefined) return CANCELLED;
  const data = how === TOKEN ? await tokenOf(title) : await appOf(title);
  if (data === undefined) return CANCELLED;
  const params = { providerId, host, data };
  const add = (confirmed: boolean) =>
    busy(`Looking at ${host}`, () =>
      request("codestream/provider/add", { ...params, ...(confirmed && { confirmed }) }),
    );
  try {
    return await add(false);
  } catch (failure) {
    const { data: about, message } = requestError(failure);
    if (about?.kind !== "forbidden" || !about.affected?.length) throw failure;
    return (await agreed(message, `Replace ${host}`)) ? await add(true) : CANCELLED;
  }
}

/** Replacing a host disconnects those who have accounts there: the agent's message names them. */
async function agreed(message: string, yes: string): Promise<boolean> {
  return (await showWarningMessage(message, { modal: true }, yes)) === yes;
}

async function tokenOf(title: string): Promise<Record<string, string> | undefined> {
  const accessToken = await ask(title, "The token.", true);
  return accessToken === undefined ? undefined : { accessToken };
}

async function appOf(title: string): Promise<Record<string, string> | undefined> {
  const appClientId = await ask(title, "The app's id.", false);
  if (appClientId === undefined) return undefined;
  const appClientSecret = await ask(title, "The app's secret.", true);
  return appClientSecret === undefined ? undefined : { appClientId, appClientSecret };
}

/**
 * Links on their way to the browser where the person is.
 *
 * A link is passed on as the string that it is. Parsing it into a `Uri`, as the language client does by itself, loses escapes
 * (`%26` becomes `&`), and that breaks OAuth queries.
 */
import { env, type Uri } from "vscode";
import type { Middleware } from "vscode-languageclient/node";

type ShowDocument = NonNullable<NonNullable<Middleware["window"]>["showDocument"]>;

/** Opens a link. VS Code takes a string too and leaves it alone, but its types do not say so. */
export function openExternal(url: string): Thenable<boolean> {
  return env.openExternal(url as unknown as Uri);
}

/** `window/showDocument`: what is not for the browser is left to the client. */
export const showDocument: ShowDocument = async (params, token, next) => {
  if (!params.external) return next(params, token);
  return { success: await openExternal(params.uri) };
};

/**
 * Ways to sign in and sessions, in VS Code's own menus.
 */
import { endedText } from "../../../webview/src/text";
import type { Desk } from "./commands";
import { choose, providers } from "./commands";
import { toLink, toIdentities, toSessions } from "./pick";
import { showInformationMessage, showWarningMessage } from "../notices";

/** Lists the ways to sign in; a chosen one is removed after a question, or one is added. */
export async function identities(desk: Desk): Promise<void> {
  const listed = (await desk.request("codestream/login/identities", {})).identities;
  const row = await choose(toIdentities(listed), "Ways to sign in", "There is no way to sign in.");
  if (!row) return;
  const { identity } = row;
  if (!identity) {
    await link(desk);
    return;
  }
  if (listed.length === 1) {
    void showInformationMessage("This is your only way to sign in. Add another one to remove it.");
    return;
  }
  const { identityId, displayName } = identity;
  const yes = "Remove";
  const detail = "It can't sign in as you anymore. If it's connected, it stays connected.";
  const question = `Remove ${identity.name ?? "your account"} at ${displayName} as a way to sign in?`;
  if ((await showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  await desk.request("codestream/login/unlink", { identityId });
  void showInformationMessage(`${displayName}: this account can't sign in as you anymore.`);
}

export async function link(desk: Desk): Promise<void> {
  const rows = toLink(await providers(desk));
  const row = await choose(rows, "Add a way to sign in", "The server has no service to sign in with.");
  if (!row) return;
  const { providerId } = row.provider;
  await Promise.all([desk.request("codestream/login/link", { provider: providerId }), desk.show()]);
}

/** Lists the sessions; a chosen one is signed out. */
export async function sessions(desk: Desk): Promise<void> {
  const listed = (await desk.request("codestream/session/list", {})).sessions;
  const row = await choose(toSessions(listed, Date.now()), "Sessions", "There is no session.");
  if (!row) return;
  const { sessionId, current } = row.session;
  if (current) {
    void showInformationMessage("This is the session of this window. To end it, use Sign Out.");
    return;
  }
  const yes = "Sign Out There";
  if ((await showWarningMessage(`Sign out ${row.label}?`, { modal: true }, yes)) !== yes) return;
  const { ended } = await desk.request("codestream/session/end", { sessionId });
  void showInformationMessage(endedText(ended));
}

export async function endOtherSessions(desk: Desk): Promise<void> {
  const yes = "Sign Out Everywhere Else";
  const detail = "Only this window stays signed in. What you connected stays connected.";
  const question = "Sign out everywhere else?";
  if ((await showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  const { ended } = await desk.request("codestream/session/end", {});
  void showInformationMessage(endedText(ended));
}

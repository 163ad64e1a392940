/**
 * The commands of the palette. Each is one verb; what it needs to know it asks for in VS Code's own menus.
 */
import { commands, type Disposable, env, type LogOutputChannel, type QuickPickItem, window } from "vscode";
import { openExternal } from "../agent/links";
import type { Provider, Request } from "../protocol";
import { endOtherSessions, identities, link, sessions } from "./access";
import { toConnect, toDisconnect, toSignIn } from "./pick";
import { useToken } from "./prompts";
import { offer, showFailure } from "./say";
import { showInformationMessage, showWarningMessage } from "../notices";

/** What the commands act on. */
export interface Desk {
  request: Request;
  /** Brings the view to the front, at a row if one is named. */
  show(providerId?: string): Promise<void>;
  restart(): void;
  /** For support. */
  details(): Promise<string>;
  log: LogOutputChannel;
}

export function registerCommands(desk: Desk): Disposable[] {
  const verbs: Record<string, () => Promise<void> | void> = {
    show: () => desk.show(),
    connect: () => connect(desk),
    disconnect: () => disconnect(desk),
    signUp: () => signIn(desk, true),
    signIn: () => signIn(desk, false),
    signOut: async () => {
      await desk.request("codestream/logout", {});
    },
    identities: () => identities(desk),
    link: () => link(desk),
    sessions: () => sessions(desk),
    endOtherSessions: () => endOtherSessions(desk),
    copyDetails: async () => {
      await env.clipboard.writeText(await desk.details());
      window.setStatusBarMessage("$(check) The details are on the clipboard", 5_000);
    },
    showLog: () => {
      desk.log.show();
    },
    restartAgent: () => {
      desk.restart();
    },
  };
  return Object.entries(verbs).map(([verb, run]) =>
    commands.registerCommand(`codestream.${verb}`, async () => {
      try {
        await run();
      } catch (error) {
        showFailure(error);
      }
    }),
  );
}

async function connect(desk: Desk): Promise<void> {
  const rows = toConnect(await providers(desk));
  const row = await choose(rows, "Connect a service", "The server offers no service to connect.");
  if (!row) return;
  const { providerId, tokenOnly } = row.provider;
  if (tokenOnly) {
    await useToken(row.provider, desk.request);
    return;
  }
  // The view shows the way on; the link opens meanwhile.
  await Promise.all([desk.request("codestream/provider/connect", { providerId }), desk.show(providerId)]);
}

async function signIn(desk: Desk, signup: boolean): Promise<void> {
  const title = signup ? "Sign up with" : "Sign in with";
  const rows = toSignIn(await providers(desk));
  const row = await choose(rows, title, "The server has no service to sign in with.");
  if (!row) return;
  const { name, providerId } = row.provider;
  await Promise.all([
    desk.request("codestream/login/sso", { provider: name, signup }),
    desk.show(providerId),
  ]);
}

async function disconnect(desk: Desk): Promise<void> {
  const rows = toDisconnect(await providers(desk));
  const row = await choose(rows, "Disconnect a service", "No service is connected.");
  if (!row) return;
  const { displayName, providerId } = row.provider;
  const { who, providerTeamId } = row.account;
  const yes = "Disconnect";
  const detail = "The access that it was given ends, in every window.";
  if (
    (await showWarningMessage(`Disconnect ${who} at ${displayName}?`, { modal: true, detail }, yes)) !== yes
  ) {
    return;
  }
  const { revoked, manualUrl, signsIn } = await desk.request("codestream/provider/disconnect", {
    providerId,
    ...(providerTeamId !== undefined && { providerTeamId }),
  });
  if (signsIn) void tellSignsIn(displayName);
  if (revoked === "yes") {
    void showInformationMessage(`${displayName}: disconnected, and ${displayName} has ended the access.`);
    return;
  }
  const text = `${displayName}: disconnected here, but ${displayName} has not confirmed the end of the access. End it on its own page.`;
  const page =
    manualUrl === undefined ? undefined : { title: "Open Page", run: () => openExternal(manualUrl) };
  void offer(showWarningMessage(text, ...(page ? [page.title] : [])), page);
}

/** A way to sign in is not ended by a disconnect. */
async function tellSignsIn(displayName: string): Promise<void> {
  const ways = "Ways to Sign In";
  const text = `Your ${displayName} account can still sign in as you. To stop that, remove it in Ways to Sign In.`;
  if ((await showWarningMessage(text, ways)) === ways) {
    await commands.executeCommand("codestream.identities");
  }
}

export async function providers(desk: Pick<Desk, "request">): Promise<Provider[]> {
  return (await desk.request("codestream/provider/list", {})).providers;
}

export async function choose<R extends QuickPickItem>(
  rows: R[],
  title: string,
  none: string,
): Promise<R | undefined> {
  if (rows.length === 0) {
    void showInformationMessage(none);
    return undefined;
  }
  return window.showQuickPick(rows, { title, matchOnDescription: true });
}

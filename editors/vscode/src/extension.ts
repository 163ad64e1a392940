/**
 * The extension: joins the agent, the secret store, the view, the commands and the status bar. Knows no service and no OAuth.
 */
import { existsSync } from "node:fs";
import { homedir, hostname } from "node:os";
import * as vscode from "vscode";
import type { HostInfo } from "../../webview/src/bridge";
import { locate } from "./agent/binary";
import { connect } from "./agent/client";
import { doctor } from "./agent/doctor";
import { openExternal } from "./agent/links";
import { logLine } from "./agent/log";
import { spawnAgent } from "./agent/process";
import { Supervisor } from "./agent/supervisor";
import { registerCommands } from "./commands/commands";
import { confirm, tellNote, tellSessionEnded } from "./commands/attempts";
import { addHost, useToken } from "./commands/prompts";
import { showFailure } from "./commands/say";
import { details } from "./details";
import { INVALID_PARAMS, requestError, RequestError } from "./error";
import { Hub } from "./hub";
import type { Model } from "./model";
import type { Provider, Request } from "./protocol";
import { onSessionChange, SessionStore } from "./session";
import { initializationOptions, readSettings, SETTINGS, type Settings, type Surroundings } from "./settings";
import { OtherWindows } from "./otherWindows";
import { StatusBar } from "./statusBar";
import type { CommandHandlers } from "./view/bridge";
import { View, VIEW } from "./view/provider";
import { showInformationMessage, showWarningMessage } from "./notices";

let supervisor: Supervisor | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("CodeStream", { log: true });
  const statusBar = new StatusBar();
  const sessions = new SessionStore(context.secrets);
  const surroundings = surroundingsOf(context);

  const settings = (): Settings => readSettings((name) => vscode.workspace.getConfiguration().get(name));
  const binary = (): string =>
    locate({
      extensionPath: context.extensionPath,
      agentPath: settings().agentPath,
      platform: process.platform,
      arch: process.arch,
      home: homedir(),
      exists: existsSync,
    });

  const agent = new Supervisor(
    async () => {
      const path = binary();
      const now = settings();
      const session = await hub.launching(now.serverUrl);
      log.info(`Starting ${path}`);
      const started = await spawnAgent(path, (line) => {
        logLine(log, line);
      });
      const options = initializationOptions(now, surroundings, session);
      return connect(started, options, log, (method, params) => {
        hub.notified(method, params);
      });
    },
    { now: Date.now, after },
    (state) => {
      if (state.message !== undefined) log.warn(state.message);
      hub.agentChanged(state);
      view.agentChanged();
    },
  );
  supervisor = agent;
  const request: Request = (method, params) => agent.request(method, params) as never;

  const hub = new Hub({
    request,
    sessions,
    changed: (model) => {
      statusBar.show(model);
      setContext(model);
    },
    ended: (good, text) => {
      if (!view.visible) tell(good, text);
    },
    confirming: (attempt, name) => {
      if (!view.visible) void confirm(attempt, name, request).catch(showFailure);
    },
    noted: (attempt, name, text) => {
      if (!view.visible) void tellNote(attempt, `${name}: ${text}`, request).catch(showFailure);
    },
    sessionEnded: () => {
      if (!view.visible && vscode.window.state.focused) void tellSessionEnded().catch(showFailure);
    },
    lost: (text) => {
      if (!view.visible && vscode.window.state.focused) tell(false, text);
    },
    signedIn: () => others.tell(),
    passOn: (method, params) => {
      view.notified(method, params);
    },
    trouble: (what, error) => {
      log.warn(`Could not ${what}: ${requestError(error).message}`);
    },
  });

  const others = new OtherWindows(context.globalStorageUri, async () => {
    if (await hub.adopt()) return;
    // Where VS Code is a page in a browser, a page may read its secrets but once.
    if (vscode.env.uiKind === vscode.UIKind.Web && hub.model.agent.status === "running") offerReload();
  });

  const provider = async (providerId: string): Promise<Provider> => {
    const { providers } = await request("codestream/provider/list", {});
    const found = providers.find((row) => row.providerId === providerId);
    if (!found) throw new RequestError(INVALID_PARAMS, `There is no service ${providerId}.`);
    return found;
  };
  const handlers: CommandHandlers = {
    copy: async ({ text }) => {
      await vscode.env.clipboard.writeText(text);
      return {};
    },
    openExternal: async ({ url }) => ((await openExternal(url)) ? {} : { cancelled: true }),
    useToken: async ({ providerId }) => useToken(await provider(providerId), request),
    addHost: async ({ providerId, host }) => addHost(await provider(providerId), request, host),
    openSettings: async () => {
      await vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`);
      return {};
    },
    showLog: () => {
      log.show();
      return Promise.resolve({});
    },
    restartAgent: () => {
      agent.restart();
      return Promise.resolve({});
    },
  };

  const info = (): HostInfo => ({
    ide: surroundings.ide.name,
    version: surroundings.ide.version,
    extensionVersion: surroundings.extensionVersion,
    serverUrl: settings().serverUrl,
  });
  const view = new View(
    context.extensionUri,
    {
      request: (method, params) => agent.request(method, params),
      commands: handlers,
      info,
      agent: () => agent.state,
      resuming: () => hub.model.resuming,
    },
    () => {
      agent.start();
    },
  );

  context.subscriptions.push(
    log,
    statusBar,
    // Kept while it is hidden: it is small, comes back at once, and what it said last is still there.
    vscode.window.registerWebviewViewProvider(VIEW, view, {
      webviewOptions: { retainContextWhenHidden: true },
    }),
    ...registerCommands({
      request,
      log,
      show: (providerId) => view.show(providerId),
      restart: () => {
        agent.restart();
      },
      details: async () =>
        details({
          surroundings,
          settings: settings(),
          model: hub.model,
          remote: vscode.env.remoteName,
          platform: `${process.platform}-${process.arch}`,
          doctor: await findings(binary, settings()),
        }),
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (!SETTINGS.some((name) => change.affectsConfiguration(name))) return;
      view.infoChanged();
      agent.restart();
    }),
    // Another window has signed in: told by the secret store, or else noticed when the person comes here.
    onSessionChange(
      context.secrets,
      () => settings().serverUrl,
      () => void hub.adopt(),
    ),
    others,
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) void hub.adopt();
    }),
  );
  statusBar.show(hub.model);
  setContext(hub.model);
  // Without a server there is nothing to do before somebody opens the view or runs a command.
  if (settings().serverUrl !== "") agent.start();
}

export async function deactivate(): Promise<void> {
  await supervisor?.stop();
}

function surroundingsOf(context: vscode.ExtensionContext): Surroundings {
  const { version } = context.extension.packageJSON as { version: string };
  return {
    ide: { name: vscode.env.appName, version: vscode.version },
    extensionVersion: version,
    machineName: hostname(),
  };
}

async function findings(binary: () => string, settings: Settings): Promise<string> {
  try {
    return await doctor(binary(), settings);
  } catch (error) {
    return requestError(error).message;
  }
}

function after(milliseconds: number, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds);
  return () => {
    clearTimeout(timer);
  };
}

/** The conditions of menus and of the walkthrough. */
function setContext(model: Model): void {
  const conditions = {
    configured: model.configured,
    signedIn: model.session !== undefined,
    connected: model.providers.some(({ connected }) => connected),
  };
  for (const [name, value] of Object.entries(conditions)) {
    void vscode.commands.executeCommand("setContext", `codestream.${name}`, value);
  }
}

function offerReload(): void {
  const reload = "Reload Window";
  const text =
    "You are signed in to CodeStream in another window. Reload this one to be signed in here, too.";
  void showInformationMessage(text, reload).then((chosen) => {
    if (chosen === reload) void vscode.commands.executeCommand("workbench.action.reloadWindow");
  });
}

function tell(good: boolean, text: string): void {
  const show = "Show";
  const shown = good ? showInformationMessage(text, show) : showWarningMessage(text, show);
  void shown.then((chosen) => {
    if (chosen === show) void vscode.commands.executeCommand("codestream.show");
  });
}

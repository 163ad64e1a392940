/**
 * The view in the side bar: makes the page, and joins it to the bridge for as long as it lives.
 */
import { readFile } from "node:fs/promises";
import { commands, type Disposable, Uri, type WebviewView, type WebviewViewProvider } from "vscode";
import type { NotificationName } from "../protocol";
import { Bridge, type Host } from "./bridge";
import { page } from "./page";

export const VIEW = "codestream.integrations";

export class View implements WebviewViewProvider {
  #live: { view: WebviewView; bridge: Bridge } | undefined;
  /** A focus that was asked for before there was a view. */
  #focus: { providerId: string | undefined } | undefined;

  constructor(
    private readonly extension: Uri,
    private readonly host: Omit<Host, "post">,
    private readonly opened: () => void,
  ) {}

  async resolveWebviewView(view: WebviewView): Promise<void> {
    const { webview } = view;
    const root = Uri.joinPath(this.extension, "webview");
    const bridge = new Bridge({
      ...this.host,
      post: (message) => {
        void webview.postMessage(message);
      },
    });
    const listening: Disposable = webview.onDidReceiveMessage((message: unknown) => {
      bridge.receive(message);
    });
    this.#live = { view, bridge };
    view.onDidDispose(() => {
      listening.dispose();
      if (this.#live?.view === view) this.#live = undefined;
    });
    if (this.#focus) bridge.focus(this.#focus.providerId);
    this.#focus = undefined;
    this.opened();
    webview.options = { enableScripts: true, localResourceRoots: [root] };
    const html = await readFile(Uri.joinPath(root, "index.html").fsPath, "utf8");
    webview.html = page(html, `${webview.asWebviewUri(root).toString()}/`, webview.cspSource);
  }

  /** Whether a person can see it. */
  get visible(): boolean {
    return this.#live?.view.visible ?? false;
  }

  /** Brings it to the front, with the keyboard focus on a row or the first action. */
  async show(providerId?: string): Promise<void> {
    if (this.#live) this.#live.bridge.focus(providerId);
    else this.#focus = { providerId };
    await commands.executeCommand(`${VIEW}.focus`);
  }

  notified(method: NotificationName, params: unknown): void {
    this.#live?.bridge.notified(method, params);
  }

  agentChanged(): void {
    this.#live?.bridge.agentChanged();
  }

  infoChanged(): void {
    this.#live?.bridge.infoChanged();
  }
}

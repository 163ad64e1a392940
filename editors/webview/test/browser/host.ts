/** The built view in Chromium, and a fake host that it talks to. */
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import type { Identity } from "../../../../protocol/bindings/Identity";
import type { SessionRow } from "../../../../protocol/bindings/SessionRow";
import type { Status } from "../../../../protocol/bindings/Status";
import type { BridgeError, HostToView, Provider, ViewToHost } from "../../src/bridge";
import { NOW, SERVER, status, twelve } from "../fixtures";
import { themes, type ThemeName } from "./themes";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'";

async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = path === "/" ? "index.html" : path;
    readFile(join(dist, file)).then(
      (body) => {
        response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
        response.setHeader("Content-Security-Policy", CSP);
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

/** How the fake host answers. Anything not named is left without an answer. */
export interface Answers {
  status?: Status | BridgeError;
  providers?: Provider[] | BridgeError;
  identities?: Identity[] | BridgeError;
  sessions?: SessionRow[] | BridgeError;
}

export type HostKind = "vscode" | "jetbrains";

/** One opened view. */
export class View {
  readonly posted: ViewToHost[] = [];
  answers: Answers = {};
  private readonly answering: Promise<void>[] = [];
  private readonly waiters: (() => void)[] = [];

  constructor(
    readonly page: Page,
    private readonly kind: HostKind,
  ) {}

  /** A message of the view's came in. */
  hear(message: ViewToHost): void {
    this.posted.push(message);
    for (const wake of this.waiters.splice(0)) wake();
    this.answering.push(this.answer(message));
  }

  private async answer(message: ViewToHost): Promise<void> {
    if (message.type !== "request") return;
    const { status, providers, identities, sessions } = this.answers;
    const answers: Record<string, object | undefined> = {
      "codestream/status": status,
      "codestream/provider/list": Array.isArray(providers) ? { providers } : providers,
      "codestream/login/identities": Array.isArray(identities) ? { identities } : identities,
      "codestream/session/list": Array.isArray(sessions) ? { sessions } : sessions,
    };
    const answer = answers[message.method];
    if (answer) await this.reply(message.id, answer);
  }

  /** Answers a message, or refuses it with an error. */
  async reply(id: number, result: object): Promise<void> {
    await this.say(
      "code" in result
        ? { type: "response", id, error: result as BridgeError }
        : { type: "response", id, result },
    );
  }

  async say(...messages: HostToView[]): Promise<void> {
    await this.page.evaluate(
      ([kind, said]) => {
        for (const message of said) {
          if (kind === "jetbrains") window.codestream?.receive(JSON.stringify(message));
          else window.dispatchEvent(new MessageEvent("message", { data: message }));
        }
      },
      [this.kind, messages] as const,
    );
  }

  /** The latest message for which `accept` holds; waits for it. */
  async heard(accept: (message: ViewToHost) => boolean): Promise<ViewToHost> {
    for (;;) {
      const found = this.posted.findLast(accept);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  async request(method: string) {
    const message = await this.heard((one) => one.type === "request" && one.method === method);
    if (message.type !== "request") throw new Error("unreachable");
    return message;
  }

  async command(name: string) {
    const message = await this.heard((one) => one.type === "command" && one.command === name);
    if (message.type !== "command") throw new Error("unreachable");
    return message;
  }

  /** Everything that a running agent tells at first. */
  async start(answers: Answers = {}, serverUrl = SERVER): Promise<void> {
    this.answers = { status: status(), providers: twelve, ...answers };
    await this.say(
      { type: "host", ide: "VS Code", version: "1.100.3", extensionVersion: "0.1.0", serverUrl },
      { type: "agent", status: "running" },
    );
    await this.settled();
  }

  /** Nothing is on its way between view and host any more. */
  async settled(): Promise<void> {
    for (let before = -1; before !== this.posted.length;) {
      before = this.posted.length;
      // What the view posts comes before the answer to this, on the same connection.
      await this.page.evaluate(() => null);
      await Promise.all(this.answering.splice(0));
    }
  }

  async theme(name: ThemeName): Promise<void> {
    await this.page.evaluate(({ bodyClass, variables }) => {
      document.documentElement.removeAttribute("style");
      for (const [key, value] of Object.entries(variables)) {
        document.documentElement.style.setProperty(key, value);
      }
      document.body.className = bodyClass;
    }, themes[name]);
  }
}

/** One browser for a file of tests. */
export class Bench {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    readonly origin: string,
  ) {}

  static async open(): Promise<Bench> {
    const server = await serve();
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    return new Bench(server, browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Opens a view whose clock stands at `NOW`; what goes wrong in its page ends up in `problems`. */
  async view(options: { width?: number; kind?: HostKind; reducedMotion?: boolean } = {}) {
    const { width = 360, kind = "vscode", reducedMotion = false } = options;
    const context = await this.browser.newContext({
      viewport: { width, height: 720 },
      locale: "en-GB",
      timezoneId: "UTC",
      deviceScaleFactor: 2,
      reducedMotion: reducedMotion ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(this.origin)) problems.push(`from outside: ${request.url()}`);
    });
    await page.clock.install({ time: NOW - 1000 });
    await page.clock.pauseAt(NOW);
    const view = new View(page, kind);
    await page.exposeFunction("toHost", (text: string) => {
      view.hear(JSON.parse(text) as ViewToHost);
    });
    if (kind === "vscode") {
      await page.addInitScript(() => {
        const { toHost } = window as unknown as { toHost: (text: string) => void };
        window.acquireVsCodeApi = () => ({
          postMessage: (message) => {
            toHost(JSON.stringify(message));
          },
        });
      });
    }
    await page.goto(this.origin);
    return { view, page, problems, context };
  }
}

export async function close({ context }: { context: BrowserContext }): Promise<void> {
  await context.close();
}

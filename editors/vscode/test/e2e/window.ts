/** One window of VS Code in a real browser, as a person uses it, and the pages that it opens. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type FrameLocator,
  type Locator,
  type Page,
} from "playwright-core";
import { PATIENCE } from "./process";

/** Where pictures go. */
export const SHOTS = join(import.meta.dirname, "../../../../target/screenshots/vscode");
const FRAME = 'iframe.webview.ready[src*="extensionId=codestream.codestream"]';

export function launchBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
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
}

/** A person's browser: what is kept in it, secrets among them, is shared by its windows and gone with it. */
export async function person(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  context.setDefaultTimeout(PATIENCE);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  return context;
}

export class Window {
  private constructor(readonly page: Page) {}

  static async open(context: BrowserContext, url: string): Promise<Window> {
    const window = new Window(await context.newPage());
    await window.page.addInitScript(() => {
      const open = globalThis.open.bind(globalThis);
      const handed: unknown[] = [];
      Object.assign(globalThis, {
        handed,
        open: (...args: Parameters<typeof open>) => {
          handed.push(args[0]);
          return open(...args);
        },
      });
    });
    await window.page.goto(url, { waitUntil: "domcontentloaded" });
    await window.#settled();
    return window;
  }

  /** The extension runs; by then what was open before is open again. */
  #settled(): Promise<void> {
    return this.status.waitFor();
  }

  /** Opens the view unless it is open, and gives what is in it. */
  async view(): Promise<FrameLocator> {
    const tab = this.page.locator(".activitybar").getByRole("tab", { name: "CodeStream" });
    // A press on the open one would close it.
    if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
    return this.#frame;
  }

  /** Runs a command of the palette by its title. */
  async command(title: string): Promise<void> {
    const input = await this.#palette(`>${title}`);
    await this.page
      .getByRole("option", { name: new RegExp(title) })
      .first()
      .waitFor();
    await input.press("Enter");
  }

  /** The extension's commands that the palette offers now. */
  async commands(): Promise<string[]> {
    const input = await this.#palette(">CodeStream: ");
    const rows = this.page.getByRole("option", { name: /^CodeStream: / });
    await rows.first().waitFor();
    const names = await rows.evaluateAll((all) => all.map((row) => row.getAttribute("aria-label") ?? ""));
    await input.press("Escape");
    return names.map((name) => /^CodeStream: ([^,]*)/.exec(name)?.[1] ?? name).sort();
  }

  async #palette(text: string): Promise<Locator> {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget .quick-input-box input");
    await input.fill(text);
    return input;
  }

  /** The status bar item. */
  get status(): Locator {
    return this.page.locator(".statusbar-item", { hasText: "CodeStream" });
  }

  /** The agent is signed in and hears the server: not what the view remembers, but what the status bar says. */
  async online(): Promise<void> {
    const label = '[aria-label*="CodeStream: Signed in as"]:not([aria-label*="Reconnecting"])';
    await this.page.locator(`.statusbar ${label}`).first().waitFor();
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast", { hasText: text });
  }

  /** Does something that opens a page in the browser, and gives the page. */
  async opens(act: () => Promise<void>): Promise<Page> {
    const [popup] = await Promise.all([this.page.context().waitForEvent("page"), act()]);
    return popup;
  }

  /** The links that VS Code has handed to the browser since it was loaded, before the browser made anything of them. */
  handedOver(): Promise<unknown> {
    return this.page.evaluate("handed");
  }

  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: "domcontentloaded" });
    await this.#settled();
  }

  /** Closes its page first: the server would wait for one that merely vanished. */
  async close(): Promise<void> {
    await this.page.close();
  }

  /** Screenshots of it as it is, in light and in dark. */
  async shoot(name: string): Promise<void> {
    // No tooltip in the picture.
    await this.page.mouse.move(900, 400);
    for (const [scheme, kind] of [
      ["light", "vs"],
      ["dark", "vs-dark"],
    ] as const) {
      await this.page.emulateMedia({ colorScheme: scheme });
      await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
      const frame = this.#frame.locator(`body.vscode-${scheme}`);
      if (await this.page.locator(FRAME).isVisible()) await frame.waitFor();
      await this.page.screenshot({ path: join(SHOTS, `${name}-${scheme}.png`), animations: "disabled" });
    }
    await this.page.emulateMedia({ colorScheme: "light" });
  }

  get #frame(): FrameLocator {
    return this.page.frameLocator(FRAME).frameLocator("iframe#active-frame");
  }
}

/** Goes through the third party's pages as a person does: chooses who to be, and decides. */
export async function decide(popup: Page, decision: "Approve" | "Deny", who: string): Promise<Page> {
  const choice = popup.getByRole("button", { name: decision, exact: true });
  const account = popup.locator(`button[value="${who}"]`);
  await choice.or(account).first().waitFor();
  if (await account.isVisible()) await account.click();
  await choice.click();
  return popup;
}

/** Waits for the API's last page, and closes it. */
export async function finish(popup: Page, heading: string | RegExp): Promise<void> {
  await popup.getByRole("heading", { name: heading }).waitFor();
  await popup.close();
}

/** A stage for a story: a server with its sandbox, VS Code with the packaged extension, a browser and a person. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, FrameLocator, Locator } from "playwright-core";
import { afterEach, inject } from "vitest";
import { CodeServer, type SettingsOf } from "./codeServer";
import { Stub } from "./stub";
import { decide, finish, launchBrowser, person, SHOTS, Window } from "./window";

export class Scene {
  private constructor(
    readonly folder: string,
    readonly stub: Stub,
    readonly code: CodeServer,
    private readonly browser: Browser,
    readonly person: BrowserContext,
  ) {}

  static async start(settings: SettingsOf = {}): Promise<Scene> {
    const places = inject("places");
    const folder = mkdtempSync(join(tmpdir(), "codestream-vscode-"));
    const stub = new Stub(places.stub, folder);
    const code = new CodeServer(places, folder);
    const [browser] = await Promise.all([launchBrowser(), stub.start()]);
    await code.start({ "codestream.serverUrl": stub.api, ...settings });
    return new Scene(folder, stub, code, browser, await person(browser));
  }

  /** Pictures of every page, for whoever asks why a test failed. */
  async evidence(test: string): Promise<void> {
    const name = test.replace(/\W+/g, "-");
    for (const [n, page] of this.person.pages().entries()) {
      await page.screenshot({ path: join(SHOTS, `failed-${name}-${n}.png`) }).catch(() => undefined);
    }
  }

  /** Opens a window of the person's. */
  open(): Promise<Window> {
    return Window.open(this.person, this.code.url);
  }

  async end(): Promise<void> {
    // Pages first: the server would wait for windows that merely vanished.
    await Promise.all(this.person.pages().map((page) => page.close()));
    await this.person.close();
    await this.browser.close();
    await Promise.all([this.code.stop(), this.stub.stop()]);
    if (!process.env["KEEP_SCENE"]) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Keeps evidence of each test of a file that fails. */
export function keepEvidence(scene: () => Scene): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await scene().evidence(task.name);
  });
}

/** A service's place in the list. */
export function service(view: FrameLocator, name: string): Locator {
  return view.getByRole("listitem", { name, exact: true });
}

/** Signs up with GitHub, from the first press to the last page. */
export async function signUp(window: Window, who = "mona"): Promise<FrameLocator> {
  const view = await window.view();
  const popup = await window.opens(() => view.getByRole("button", { name: "Sign up with GitHub" }).click());
  await decide(popup, "Approve", who);
  await finish(popup, "signed in");
  await view.getByText(`Signed in as ${who}@example.com`).first().waitFor();
  return view;
}

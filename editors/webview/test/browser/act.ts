/** What scenes are made of. */
import type { Page } from "playwright-core";
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import type { ErrorKind } from "../../../../protocol/bindings/ErrorKind";
import type { BridgeError, HostToView } from "../../src/bridge";
import type { View } from "./host";

export type Scene = (view: View) => Promise<void>;

export function changed(attempt: Attempt): HostToView {
  return { type: "notification", method: "codestream/attempt/didChange", params: { attempt } };
}

export function refusal(kind: ErrorKind, message: string, retryable = false): BridgeError {
  return { code: -32803, message, data: { kind, retryable } };
}

export const button = (view: View, name: string) => view.page.getByRole("button", { name, exact: true });

const METHODS = {
  connect: "codestream/provider/connect",
  signIn: "codestream/login/sso",
  link: "codestream/login/link",
};

/** Presses a button, and an attempt begins. */
export async function press(view: View, name: string, begun: Attempt): Promise<void> {
  await button(view, name).click();
  const { id } = await view.request(METHODS[begun.kind]);
  const { attemptId, url, expiresAt } = begun;
  await view.say(changed(begun));
  await view.reply(id, { attemptId, url, expiresAt });
}

/** The accessible name of what has the focus, as the browser computes it. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.getAttribute("aria-label") ?? activeElement?.textContent.trim() ?? "";
  });
}

/** Presses Tab until something of that name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === name) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

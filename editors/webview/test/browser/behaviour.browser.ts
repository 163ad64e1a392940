/** With the keyboard alone, in either host, and over time. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { HostToView } from "../../src/bridge";
import {
  attempt,
  github,
  newrelicByToken,
  NOW,
  octocat,
  rows,
  session,
  signedOut,
  status,
  twelve,
  withAccounts,
} from "../fixtures";
import { Bench, close, type HostKind, type View } from "./host";
import { changed, focused, refusal, tabTo } from "./act";

let bench: Bench;
let opened: Awaited<ReturnType<Bench["view"]>>;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());
afterEach(async () => {
  expect(opened.problems).toEqual([]);
  await close(opened);
});

async function open(options: Parameters<Bench["view"]>[0] = {}): Promise<{ view: View; page: Page }> {
  opened = await bench.view(options);
  return opened;
}

const said = (page: Page) => page.getByRole("status").textContent();
const begun = attempt(github);
const started = { attemptId: begun.attemptId, url: begun.url, expiresAt: begun.expiresAt };
const providersChanged = (data: object): HostToView => ({
  type: "notification",
  method: "codestream/didChangeData",
  params: { type: "providers", data },
});

async function connectByKeyboard(view: View, page: Page): Promise<void> {
  await view.start();
  await tabTo(page, "Connect to GitHub");
  await page.keyboard.press("Enter");
  await view.reply((await view.request("codestream/provider/connect")).id, started);
  await view.say(changed(begun));
}

test("connecting by keyboard: the focus goes to the attempt, and back to where it began", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  expect(await focused(page)).toBe("Connecting to GitHub");
  expect(await said(page)).toBe("GitHub: Waiting for you to approve at github.com");
  for (const name of ["Open again", "Copy link", "Use a token", "Cancel"]) {
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe(name);
  }
  await page.keyboard.press("Space");
  const { params } = await view.request("codestream/attempt/cancel");
  expect(params).toEqual({ attemptId: begun.attemptId });
  await view.say(changed({ ...begun, end: { outcome: "cancelled" } }));
  expect(await focused(page)).toBe("Connect to GitHub");
  expect(await said(page)).toBe("Cancelled. Nothing was changed.");
});

test("after a failure the focus is on Try again; after Deny there is none", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  await view.say(changed({ ...begun, end: { outcome: "expired", message: "Nobody approved in time." } }));
  expect(await focused(page)).toBe("Try again");
  await page.keyboard.press("Enter");
  const again = await view.heard((message) => message.type === "request" && message.id > 3);
  expect(again).toMatchObject({ method: "codestream/provider/connect" });
  const second = { ...begun, attemptId: "second", startedAt: NOW + 1 };
  await view.say(changed(second));
  await view.say(changed({ ...second, end: { outcome: "failed", kind: "declined" } }));
  await page.getByText("You declined. Nothing was changed.").first().waitFor();
  expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  expect(await focused(page)).toBe("Connect to GitHub");
});

test("once connected the focus is in the row, wherever that has gone", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  await view.say(changed({ ...begun, end: { outcome: "connected", account: "octocat" } }));
  await view.say(providersChanged(rows(withAccounts(github, { who: "octocat", since: NOW }))));
  expect(await focused(page)).toBe("Details of octocat at GitHub");
  expect(await said(page)).toBe("GitHub is connected as octocat.");
  await page.getByRole("region", { name: "Connected, 1 service" }).getByText("octocat").first().waitFor();
});

test("a question is answered by keyboard, and Escape takes it back", async () => {
  const { view, page } = await open();
  await view.start({ providers: rows(withAccounts(github, octocat)) });
  await tabTo(page, "Details of octocat at GitHub");
  await page.keyboard.press("Enter");
  await tabTo(page, "Disconnect octocat from GitHub");
  await page.keyboard.press("Enter");
  expect(await focused(page)).toBe("Disconnect octocat?");
  await page.keyboard.press("Escape");
  expect(await focused(page)).toBe("Disconnect octocat from GitHub");
  await page.keyboard.press("Enter");
  await tabTo(page, "Disconnect");
  await page.keyboard.press("Enter");
  const { id, params } = await view.request("codestream/provider/disconnect");
  expect(params).toEqual({ providerId: "github*com" });
  await view.say(providersChanged(twelve));
  await view.reply(id, { revoked: "unsupported", manualUrl: "https://github.com/settings/applications" });
  expect(await said(page)).toContain("GitHub has no way to end the access from here");
  await tabTo(page, "End it at GitHub");
  await page.keyboard.press("Enter");
  expect((await view.command("openExternal")).args).toEqual({
    url: "https://github.com/settings/applications",
  });
});

test("reconnecting with a token by keyboard: the focus stays on the press while the host's box is open", async () => {
  const { view, page } = await open();
  const lost = withAccounts(newrelicByToken, { ...octocat, error: "tokenRevoked" });
  await view.start({ providers: rows(lost) });
  await tabTo(page, "Reconnect octocat at New Relic");
  await page.keyboard.press("Enter");
  const { id, args } = await view.command("useToken");
  expect(args).toEqual({ providerId: newrelicByToken.providerId });
  await page.keyboard.press("Enter");
  await view.settled();
  expect(view.posted.filter(({ type }) => type === "command")).toHaveLength(1);
  expect(await focused(page)).toBe("Reconnect octocat at New Relic");
  view.answers.providers = rows(withAccounts(newrelicByToken, octocat));
  await view.reply(id, {});
  await view.settled();
  expect(await said(page)).toBe("Connected with your token.");
  expect(await focused(page)).toBe("Details of octocat at New Relic");
});

test("a setting's name in a message stands out, and is said without its marks", async () => {
  const { view, page } = await open();
  const message = "Set `serverUrl`, or ask for a ` in vain.";
  await view.start({ status: signedOut, providers: refusal("tlsUntrusted", message) });
  expect(await page.locator("main code").allTextContents()).toContain("serverUrl");
  expect(await said(page)).toBe("Set serverUrl, or ask for a ` in vain.");
});

test("signing up by keyboard", async () => {
  const { view, page } = await open();
  await view.start({ status: signedOut });
  await tabTo(page, "Sign up with GitHub");
  await page.keyboard.press("Enter");
  const { id, params } = await view.request("codestream/login/sso");
  expect(params).toEqual({ provider: "github", signup: true });
  await view.reply(id, started);
  expect(await focused(page)).toBe("Signing up with GitHub");
  view.answers.status = status();
  await view.say(
    changed({ ...begun, kind: "signIn", end: { outcome: "signedIn", account: "mona@example.com" } }),
    {
      type: "notification",
      method: "codestream/didLogin",
      params: {
        session: { ...status().session, userId: "u", email: "mona@example.com", serverUrl: "https://x" },
        signupStatus: "userCreated",
      },
    },
  );
  await view.settled();
  expect(await focused(page)).toBe("Connect to GitHub");
  await page.getByText("Your account is ready.", { exact: false }).waitFor();
});

test("a second click starts nothing", async () => {
  const { view, page } = await open();
  await view.start();
  const connect = page.getByRole("button", { name: "Connect to GitHub" });
  await connect.evaluate((button: HTMLButtonElement) => {
    button.click();
    button.click();
  });
  await view.settled();
  const presses = view.posted.filter(
    (message) => message.type === "request" && message.method === "codestream/provider/connect",
  );
  expect(presses).toHaveLength(1);
  expect(await focused(page)).toBe("Connecting to GitHub");
});

test("the countdown counts, and the hint comes after 20 s", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  const timer = page.getByRole("timer");
  expect(await timer.textContent()).toBe("5:00");
  await page.clock.runFor(19_000);
  expect(await timer.textContent()).toBe("4:41");
  expect(await page.getByText("No page in your browser?", { exact: false }).count()).toBe(0);
  await page.clock.runFor(1_000);
  await page.getByText("No page in your browser?", { exact: false }).waitFor();
  expect(await said(page)).toBe("GitHub: Waiting for you to approve at github.com");
});

test("a fresh link is copied byte for byte", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  await page.getByRole("button", { name: "Copy link" }).click();
  const asked = await view.request("codestream/attempt/reopen");
  expect(asked.params).toEqual({ attemptId: begun.attemptId, open: false });
  const url = `${begun.url}%26fresh`;
  await view.reply(asked.id, { url });
  const { id, args } = await view.command("copy");
  expect(args).toEqual({ text: url });
  await view.reply(id, {});
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await page.clock.runFor(2_000);
  await page.getByRole("button", { name: "Copy link" }).waitFor();
});

test("a command of the IDE brings the focus to a row", async () => {
  const { view, page } = await open();
  await view.start();
  await view.say({ type: "focus", providerId: "slack*com" });
  expect(await focused(page)).toBe("Connect to Slack");
  await view.say({ type: "focus" });
  expect(await focused(page)).toBe("Connect to Asana");
});

test("a focus that the person took elsewhere is not brought back", async () => {
  const { view, page } = await open();
  await connectByKeyboard(view, page);
  await page.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
  });
  await page.clock.runFor(3_000);
  await view.say(changed({ ...begun, step: "finishing" }));
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
});

test("the press that brings the window back to the front counts, whatever has gone meanwhile", async () => {
  const { view, page } = await open();
  await view.start({ status: signedOut });
  await tabTo(page, "Sign up with GitHub");
  await page.evaluate(() => {
    document.hasFocus = () => false;
    document.addEventListener("pointerdown", () => {
      document.hasFocus = () => true;
      window.dispatchEvent(new Event("focus"));
    });
  });
  view.answers.status = status();
  await view.say({
    type: "notification",
    method: "codestream/didLogin",
    params: { session: { ...session, serverUrl: "https://x" }, signupStatus: "signedIn" },
  });
  await view.settled();
  await page.getByRole("button", { name: "Connect to Trello" }).click();
  expect((await view.request("codestream/provider/connect")).params).toEqual({ providerId: "trello*com" });
});

test("a server that comes back is noticed without a click", async () => {
  const { view, page } = await open();
  await view.start({
    status: signedOut,
    providers: refusal("serverUnreachable", "The server does not answer.", true),
  });
  await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
  view.answers.providers = twelve;
  await page.clock.runFor(2_000);
  await page.getByRole("button", { name: "Sign up with GitHub" }).waitFor();
});

test("a page whose host comes late says ready once, and takes the theme that it is sent", async () => {
  const { view, page } = await open({ kind: "jetbrains" });
  expect(view.posted).toEqual([]);
  await page.evaluate(() => {
    const { toHost } = window as unknown as { toHost: (text: string) => void };
    window.codestreamHost = { post: toHost };
    window.dispatchEvent(new Event("codestream-host"));
    window.dispatchEvent(new Event("codestream-host"));
  });
  await view.settled();
  expect(view.posted).toEqual([{ type: "ready" }]);
  await view.start();
  await view.say({
    type: "theme",
    kind: "light",
    variables: { "--cs-background": "rgb(1, 2, 3)", color: "red" },
  });
  const look = await page.evaluate(() => ({
    theme: document.documentElement.dataset["theme"],
    background: getComputedStyle(document.body).backgroundColor,
    style: document.documentElement.getAttribute("style"),
  }));
  expect(look).toEqual({
    theme: "light",
    background: "rgb(1, 2, 3)",
    style: "--cs-background: rgb(1, 2, 3);",
  });
});

test.each<[HostKind]>([["vscode"], ["jetbrains"]])(
  "nothing moves where motion is not wanted, in %s",
  async (kind) => {
    const { view, page } = await open({ kind, reducedMotion: true });
    await view.say({ type: "agent", status: "starting" });
    const moving = await page.evaluate(() => document.getAnimations().length);
    expect(moving).toBe(0);
  },
);

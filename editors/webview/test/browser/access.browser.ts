/** Ways to sign in and sessions, with the keyboard alone; and names that others have chosen. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { attempt, bitbucket, identities, identity, github, sessionRow, sessions } from "../fixtures";
import { changed, focused, tabTo } from "./act";
import { Bench, close, type View } from "./host";

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

async function open(): Promise<{ view: View; page: Page }> {
  opened = await bench.view();
  await opened.view.start({ identities, sessions });
  return opened;
}

async function toAccount(view: View, page: Page): Promise<void> {
  await tabTo(page, "Your account");
  await page.keyboard.press("Enter");
  await view.settled();
}

const begun = attempt(bitbucket, { kind: "link" });
const came = { ...begun, step: "confirming", account: "eve" } as const;
const said = (page: Page) => page.getByRole("status").textContent();

test("the page about the account is entered and left by keyboard", async () => {
  const { view, page } = await open();
  await toAccount(view, page);
  expect(await focused(page)).toBe("Your account");
  await tabTo(page, "Back to services");
  await page.keyboard.press("Enter");
  expect(await focused(page)).toBe("Your account");
  await page.getByRole("button", { name: "Connect to GitHub" }).waitFor();
});

test("adding a way to sign in: Enter on what has the focus never allows it", async () => {
  const { view, page } = await open();
  await toAccount(view, page);
  await tabTo(page, "Add a way to sign in");
  await page.keyboard.press("Enter");
  await tabTo(page, "Bitbucket");
  await page.keyboard.press("Enter");
  const { id, params } = await view.request("codestream/login/link");
  expect(params).toEqual({ provider: bitbucket.providerId });
  await view.reply(id, { attemptId: begun.attemptId, url: begun.url, expiresAt: begun.expiresAt });
  await view.say(changed(begun));
  expect(await focused(page)).toBe("Adding Bitbucket as a way to sign in");

  await tabTo(page, "Open again");
  await view.say(changed(came));
  expect(await focused(page)).toBe("Let eve at Bitbucket sign in as you?");
  expect(await said(page)).toBe("Let eve at Bitbucket sign in as you?");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  await view.settled();
  expect(view.posted.some((one) => one.type === "request" && one.method.endsWith("/confirm"))).toBe(false);

  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Allow sign-in");
  await page.keyboard.press("Enter");
  const confirm = await view.request("codestream/attempt/confirm");
  expect(confirm.params).toEqual({ attemptId: begun.attemptId });
  await view.reply(confirm.id, {});
  view.answers.identities = [...identities, identity(bitbucket, { name: "eve", origin: "linked" })];
  await view.say(changed({ ...came, end: { outcome: "connected", account: "eve" } }));
  await view.settled();
  expect(await said(page)).toBe("eve at Bitbucket can now sign in as you.");
  await page.getByRole("button", { name: "Remove eve at Bitbucket as a way to sign in" }).waitFor();
});

test("removing a way to sign in asks first, and Escape keeps it", async () => {
  const { view, page } = await open();
  await toAccount(view, page);
  const remove = "Remove mona@example.com at GitLab as a way to sign in";
  await tabTo(page, remove);
  await page.keyboard.press("Enter");
  expect(await focused(page)).toBe("Remove mona@example.com at GitLab?");
  await page.keyboard.press("Escape");
  expect(await focused(page)).toBe(remove);
  await page.keyboard.press("Enter");
  await tabTo(page, "Remove");
  await page.keyboard.press("Enter");
  const { id } = await view.request("codestream/login/unlink");
  view.answers.identities = identities.slice(0, 1);
  await view.reply(id, {});
  await view.settled();
  expect(await said(page)).toBe("mona@example.com at GitLab can't sign in as you anymore.");
  await page.getByText("This is your only way to sign in.", { exact: false }).waitFor();
  expect(await page.getByRole("button", { name: /as a way to sign in$/ }).count()).toBe(0);
});

test("another session is signed out, this one has no button for it", async () => {
  const { view, page } = await open();
  await toAccount(view, page);
  const rows = page.getByRole("region", { name: "Sessions" }).getByRole("listitem");
  expect(await rows.first().getByText("This window").count()).toBe(1);
  expect(await rows.first().getByRole("button").count()).toBe(0);
  await tabTo(page, "Sign out IntelliJ IDEA on build-server-of-the-whole-company.example.com");
  await page.keyboard.press("Enter");
  const { id, params } = await view.request("codestream/session/end");
  expect(params).toEqual({ sessionId: "session-there" });
  view.answers.sessions = sessions.slice(0, 1);
  await view.reply(id, { ended: 1 });
  await view.settled();
  expect(await said(page)).toBe("Signed out of 1 session.");
  expect(await page.getByRole("button", { name: "Sign out everywhere else" }).count()).toBe(0);
});

// CWE-79, CWE-451, CWE-1007: whoever names an account writes text, neither markup nor the words around it.
test("a hostile name is text, and stays within its bounds", async () => {
  const { view, page } = await open();
  const name = "<img src=x onerror=alert(1)>\u202Eeve\u2069 [x](command:y)";
  view.answers.identities = [identity(github, { name })];
  view.answers.sessions = [sessionRow({ ide: name, machine: name, address: name })];
  await toAccount(view, page);
  await view.say(changed({ ...came, account: name }));
  const names = await page.locator("main bdi.name", { hasText: "<img" }).evaluateAll((all) =>
    all.map((one) => ({
      text: one.textContent,
      children: one.childElementCount,
      isolated: getComputedStyle(one).unicodeBidi,
    })),
  );
  expect(names).toHaveLength(5);
  for (const one of names) {
    expect(one).toEqual({
      text: "<img src=x onerror=alert(1)>eve [x](command:y)",
      children: 0,
      isolated: "isolate",
    });
  }
  expect(await page.locator("main img:not(.logo)").count()).toBe(0);
  expect(await page.locator("main a").count()).toBe(0);
});

/** Both handshakes as a person goes through them, and the ways out. */
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepEvidence, Scene, service } from "./scene";
import { decide, finish, type Window } from "./window";

let scene: Scene;
let window: Window;
let view: FrameLocator;

beforeAll(async () => {
  scene = await Scene.start();
  window = await scene.open();
});

keepEvidence(() => scene);
afterAll(() => scene.end());

const connect = (name: string) =>
  window.opens(() => view.getByRole("button", { name: `Connect to ${name}` }).click());

test("sign-up opens the browser, and the view says who is signed in", async () => {
  view = await window.view();
  await view.getByRole("button", { name: "Sign up with GitHub" }).waitFor();
  await window.shoot("signed-out");

  const popup = await window.opens(() => view.getByRole("button", { name: "Sign up with GitHub" }).click());
  const waiting = view.getByRole("group", { name: "Signing up with GitHub" });
  await waiting.getByText("Waiting for you to approve at github.com").waitFor();
  await waiting.getByText(/^[45]:\d\d$/).waitFor();
  await window.toast("Signing in with github.com").waitFor();
  await window.shoot("signing-up");

  await decide(popup, "Approve", "mona");
  await finish(popup, "signed in");
  await view.getByText("Signed in as mona@example.com").first().waitFor();
  await window.toast("Signing in with github.com").waitFor({ state: "detached" });
  await window.shoot("signed-in");
});

test("Disconnect says whether the service has ended the access", async () => {
  const github = service(view, "GitHub");
  await github.getByRole("button", { name: "Details of mona at GitHub" }).click();
  await window.shoot("account");
  await github.getByRole("button", { name: "Disconnect mona from GitHub" }).click();
  await github.getByRole("button", { name: "Disconnect", exact: true }).click();
  await github.getByText("GitHub confirmed that the access has ended").waitFor();
  await github.getByRole("button", { name: "Connect to GitHub" }).waitFor();
  await window.shoot("disconnected");
});

test("Connect goes through the service's pages, and the view says who is connected", async () => {
  const popup = await connect("GitHub");
  await view
    .getByRole("group", { name: "Connecting to GitHub" })
    .getByRole("button", { name: "Copy link" })
    .waitFor();
  await window.shoot("connecting");
  await decide(popup, "Approve", "mona");
  await finish(popup, "connected");
  await service(view, "GitHub")
    .getByRole("button", { name: "Details of mona at GitHub", exact: true })
    .waitFor();
  await window.shoot("connected");
});

test("Deny ends the attempt at once, and nothing was changed", async () => {
  const popup = await connect("Trello");
  await decide(popup, "Deny", "mona");
  await service(view, "Trello").getByText("You declined. Nothing was changed.").waitFor();
  await popup.close();
  await view.getByRole("button", { name: "Connect to Trello" }).waitFor();
  await window.shoot("declined");
});

test("a token is typed into VS Code's own box, and one that does not work is refused", async () => {
  const trello = service(view, "Trello");
  await trello.getByRole("button", { name: /permissions? of Trello/ }).click();
  await trello.getByRole("button", { name: "Use a token of Trello" }).click();
  const box = window.page.locator(".quick-input-widget .quick-input-box input");
  await box.waitFor();
  expect(await box.getAttribute("type")).toBe("password");
  await box.fill("made-up");
  await window.shoot("token");
  await box.press("Enter");
  await trello.getByRole("button", { name: "Try again" }).waitFor();
  await window.shoot("token-refused");
  await trello.getByRole("button", { name: "Try again" }).click();
  await box.waitFor();
  await box.press("Escape");
  await box.waitFor({ state: "hidden" });
  await view.getByRole("button", { name: "Connect to Trello" }).waitFor();
});

test("Cancel in the notification ends the attempt", async () => {
  const popup = await connect("Trello");
  const toast = window.toast("Connecting to trello.com");
  await toast.getByText("Waiting for you in the browser").waitFor();
  await window.shoot("notification");
  await toast.getByRole("button", { name: "Cancel" }).click();
  await toast.waitFor({ state: "detached" });
  await view.getByRole("button", { name: "Connect to Trello" }).waitFor();
  await popup.close();
});

test("a command connects, and what happens is told when the view is not open", async () => {
  await window.command("CodeStream: Connect a Service…");
  await window.page.getByRole("option", { name: /GitHub/ }).waitFor();
  // The list is longer than what is shown of it.
  await window.page.keyboard.type("Trello");
  const row = window.page.getByRole("option", { name: /Trello/ });
  await row.waitFor();
  await window.shoot("menu");
  const popup = await window.opens(() => row.click());
  await view.getByRole("group", { name: "Connecting to Trello" }).waitFor();
  await window.page.locator(".activitybar").getByRole("tab", { name: "Search" }).click();
  await decide(popup, "Approve", "mona");
  await finish(popup, "connected");
  const told = window.toast(/Trello: connected as/);
  await told.waitFor();
  await window.shoot("told");
  await told.getByRole("button", { name: "Show" }).click();
  await service(view, "Trello")
    .getByRole("button", { name: /^Details of/ })
    .waitFor();
});

test("the details for support hold the agent's findings and no secret", async () => {
  await window.command("CodeStream: Copy Details for Support");
  await window.page.getByText("The details are on the clipboard").first().waitFor();
  const text = await window.page.evaluate("navigator.clipboard.readText()");
  expect(text).toMatch(/^extension +0\.1\.0$/m);
  expect(text).toContain(scene.stub.api);
  expect(text).toContain("github*com, connected");
  expect(text).toMatch(/^push channel/m);
  expect(text).not.toMatch(/mona|gho_|web\/provider-auth/);
});

test("what goes with a token is asked for after it", async () => {
  const jira = service(view, "Jira");
  await jira.getByRole("button", { name: /permissions? of Jira/ }).click();
  await jira.getByRole("button", { name: "Use a token of Jira" }).click();
  const widget = window.page.locator(".quick-input-widget");
  for (const [prompt, type, text] of [
    ["A token that you made", "password", "ATATT3xFfGF0mona"],
    ["The e-mail address", "text", "mona@example.com"],
    ["Your site", "text", `${scene.stub.sandbox}/sandbox/jira/site/acme`],
  ] as const) {
    await widget.getByText(prompt).first().waitFor();
    const box = widget.locator(`.quick-input-box input[type="${type}"]`);
    await box.fill(text);
    await box.press("Enter");
  }
  await jira.getByRole("button", { name: /^Details of/ }).waitFor();
  await jira.getByText("mona@example.com").first().waitFor();
});

test("commands fit the state: what cannot be done is not offered", async () => {
  // VS Code adds one of its own for the view.
  const always = [
    "Copy Details for Support",
    "Focus on Integrations View",
    "Restart Agent",
    "Show Integrations",
    "Show Log",
  ];
  const signedIn = [
    "Add a Way to Sign In",
    "Connect a Service…",
    "Disconnect a Service…",
    "Sessions",
    "Sign Out",
    "Sign Out Everywhere Else",
    "Ways to Sign In",
  ];
  expect(await window.commands()).toEqual([...always, ...signedIn].sort());
  await window.command("CodeStream: Sign Out");
  await view.getByText("You are signed out.").first().waitFor();
  await window.shoot("after-sign-out");
  expect(await window.commands()).toEqual([...always, "Sign In…", "Sign Up…"].sort());
});

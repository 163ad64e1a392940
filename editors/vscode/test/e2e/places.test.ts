/** More than one place of a service: a host of one's own, workspaces side by side, an organisation's wall; and what they tell. */
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepEvidence, Scene, service, signUp } from "./scene";
import { decide, finish, type Window } from "./window";

const TOKEN = "glpat-mona0000000000000000";

let scene: Scene;
let ide: Window;
let view: FrameLocator;

beforeAll(async () => {
  scene = await Scene.start();
  ide = await scene.open();
  view = await signUp(ide);
});

keepEvidence(() => scene);
afterAll(() => scene.end());

/** VS Code's own box. */
const box = () => ide.page.locator(".quick-input-widget .quick-input-box input");

async function enter(text: string, secret: boolean): Promise<void> {
  await ide.page.locator(`.quick-input-widget input[type="${secret ? "password" : "text"}"]`).waitFor();
  await box().fill(text);
  await box().press("Enter");
}

async function connectAs(who: string, press: () => Promise<void>): Promise<void> {
  // Somebody else at this computer: the third party knows nobody here yet.
  await scene.person.clearCookies({ domain: "localhost" });
  const popup = await ide.opens(press);
  await decide(popup, "Approve", who);
  await finish(popup, "connected");
}

/** Adds the sandbox's imitation by one of its pages. */
async function addHost(token: string): Promise<void> {
  const page = `${scene.stub.sandbox}/sandbox/gitlab/group/app/-/merge_requests/3?view=all#note_2`;
  await enter(page, false);
  await ide.page.getByRole("option", { name: /^A token/ }).click();
  await enter(token, true);
}

test("a self-hosted service is added by any of its pages and a token, typed into VS Code's own boxes", async () => {
  const row = service(view, "GitLab");
  await row.getByRole("button", { name: /permissions? of GitLab/ }).click();
  await row.getByRole("button", { name: "Add self-hosted GitLab" }).click();
  await addHost("made-up");
  await row.getByText("Nothing was added").waitFor();
  await ide.shoot("host-refused");
  await row.getByRole("button", { name: "Try again" }).click();
  await addHost(TOKEN);
  const host = new URL(scene.stub.sandbox).host;
  const own = view.getByRole("listitem").filter({ hasText: `${host}/sandbox/gitlab` });
  await own.getByRole("button", { name: "Details of mona at GitLab" }).click();
  await own.getByText("Next refresh").waitFor();
  await ide.shoot("host-added");
  await own.getByRole("button", { name: `Remove GitLab at ${host}/sandbox/gitlab` }).click();
  await own.getByRole("button", { name: "Remove", exact: true }).click();
  await own.waitFor({ state: "detached" });
  await row.getByRole("button", { name: "Connect to GitLab" }).waitFor();
});

test("two workspaces stand side by side, and leaving one leaves the other", async () => {
  const slack = service(view, "Slack");
  await connectAs("mona", () => slack.getByRole("button", { name: "Connect to Slack" }).click());
  await slack.getByRole("button", { name: "Details of mona at Slack", exact: true }).waitFor();
  await connectAs("grace", () => slack.getByRole("button", { name: "Add another Slack workspace" }).click());
  await slack.getByRole("button", { name: "Details of mona (acme) at Slack", exact: true }).waitFor();
  await slack.getByRole("button", { name: "Details of grace (umbrella) at Slack", exact: true }).waitFor();
  await ide.shoot("workspaces");
  await slack.getByRole("button", { name: "Details of mona (acme) at Slack" }).click();
  await slack.getByRole("button", { name: "Disconnect mona (acme) from Slack" }).click();
  await slack.getByRole("button", { name: "Disconnect", exact: true }).click();
  await slack.getByText("Slack confirmed that the access has ended").waitFor();
  await slack.getByRole("button", { name: "Details of grace at Slack", exact: true }).waitFor();
  expect(await slack.getByText(/^mona/).count()).toBe(1);
  await ide.shoot("workspace-left");
});

test("what happens at a service is told to the agent, reaches the view, and disturbs nobody", async () => {
  const body = view.locator("body");
  await body.evaluate(() => {
    const told = new Promise((resolve) => {
      window.addEventListener("message", ({ data: message }: MessageEvent) => {
        const { params } = message as { params?: { type?: string; data?: unknown } };
        if (params?.type === "activities") resolve(params.data);
      });
    });
    Object.assign(window, { told });
  });
  const event = { type: "message", channel: "C0GENERAL", user: "U0000001002", text: "ship it" };
  await scene.stub.control("slack", {
    event: { ...event, ts: "1795476599.000100", channel_type: "channel" },
    teamId: "T0UMBRELLA",
  });
  expect(await body.evaluate("told")).toMatchObject([
    { provider: "slack", kind: "message", text: "ship it" },
  ]);
  expect(await ide.page.locator(".notification-toast").count()).toBe(0);
  await service(view, "Slack")
    .getByRole("button", { name: "Details of grace at Slack", exact: true })
    .waitFor();
});

test("an organisation's wall is explained, with its page and a request to pass on", async () => {
  const teams = service(view, "Microsoft Teams");
  await scene.person.clearCookies({ domain: "localhost" });
  const popup = await ide.opens(() =>
    teams.getByRole("button", { name: "Connect to Microsoft Teams" }).click(),
  );
  await decide(popup, "Approve", "otto");
  await teams.getByText("An administrator must approve").waitFor();
  await popup.close();
  await ide.shoot("administrator");
  await teams.getByRole("button", { name: "Copy request" }).click();
  const page = await ide.opens(() => teams.getByRole("button", { name: "Open the page" }).click());
  await page.close();
  const [link] = ((await ide.handedOver()) as string[]).slice(-1);
  expect(link).toMatch(/\/organizations\/adminconsent\?client_id=/);
  expect(await ide.page.evaluate("navigator.clipboard.readText()")).toContain(link);
});

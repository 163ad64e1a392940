/** One person, several windows: the session is kept, shared, and what one window does the others show by themselves. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepEvidence, Scene, service, signUp } from "./scene";
import { decide, finish, type Window } from "./window";

let scene: Scene;
let first: Window;
let second: Window;

beforeAll(async () => {
  scene = await Scene.start();
  first = await scene.open();
});

keepEvidence(() => scene);
afterAll(() => scene.end());

test("a window that is opened later has the session of the first", async () => {
  await signUp(first);
  second = await scene.open();
  const view = await second.view();
  await view.getByText("Signed in as mona@example.com").first().waitFor();
  expect(scene.code.agents()).toHaveLength(2);
});

test("a connection made in one window shows in the other by itself", async () => {
  const [here, there] = await Promise.all([first.view(), second.view()]);
  const popup = await first.opens(() => here.getByRole("button", { name: "Connect to Trello" }).click());
  await decide(popup, "Approve", "mona");
  await finish(popup, "connected");
  await service(there, "Trello")
    .getByRole("button", { name: /^Details of/ })
    .waitFor();
  await second.shoot("second-window");
});

test("a reload keeps the session and what is connected", async () => {
  await first.reload();
  const view = await first.view();
  await view.getByText("Signed in as mona@example.com").first().waitFor();
  await service(view, "GitHub").getByRole("button", { name: "Details of mona at GitHub" }).waitFor();
  await service(view, "Trello")
    .getByRole("button", { name: /^Details of/ })
    .waitFor();
});

test("a sign-out in one window signs the other out, and nothing is kept", async () => {
  const [here, there] = await Promise.all([first.view(), second.view()]);
  await here.getByRole("button", { name: "Sign out" }).click();
  await here.getByText("You are signed out.").first().waitFor();
  await there.getByText("Your session has ended").first().waitFor();
  await second.shoot("session-ended");
  await first.reload();
  await (await first.view()).getByRole("button", { name: "Sign up with GitHub" }).waitFor();
});

test("a window that is open while another signs in says so at once, and is signed in after a reload", async () => {
  const there = await second.view();
  await there.getByRole("button", { name: /^Sign (up|in) with GitHub$/ }).waitFor();
  await signUp(first, "grace");
  // A page of code-server reads its secrets but once; on the desktop the store tells each window of its own accord.
  const told = second.toast("You are signed in to CodeStream in another window.");
  await told.waitFor();
  await second.shoot("signed-in-elsewhere");
  expect(await first.toast("You are signed in to CodeStream in another window.").count()).toBe(0);
  await told.getByRole("button", { name: "Reload Window" }).click();
  await (await second.view()).getByText("Signed in as grace@example.com").first().waitFor();
});

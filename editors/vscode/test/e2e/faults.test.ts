/** What goes wrong on the way, and that it ends well: the agent dies, the server goes, a link is odd, a setting is missing. */
import { createServer } from "node:http";
import { createServer as createProxy, type Server } from "node:net";
import type { FrameLocator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentWithOneLink } from "./ownAgent";
import { until } from "./process";
import { keepEvidence, Scene, service, signUp } from "./scene";
import { decide, finish, type Window } from "./window";

let scene: Scene;
let window: Window;
let view: FrameLocator;

beforeAll(async () => {
  scene = await Scene.start({ "codestream.serverUrl": "" });
  window = await scene.open();
});

keepEvidence(() => scene);
afterAll(() => scene.end());

const agent = () =>
  until("an agent", () => {
    const [pid] = scene.code.agents();
    return pid;
  });

/** Listens, and gives the port. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

test("without a server the view says which setting is missing, and nothing runs before somebody looks", async () => {
  await window.status.waitFor();
  expect(scene.code.agents()).toEqual([]);
  view = await window.view();
  await view.getByRole("button", { name: "Open settings" }).waitFor();
  await window.shoot("not-configured");
});

test("a walkthrough leads through the first steps", async () => {
  await window.command("Welcome: Open Walkthrough");
  await window.page.keyboard.type("Get started with CodeStream");
  await window.page.getByRole("option", { name: /Get started with CodeStream/ }).click();
  for (const step of ["Name your server", "Sign up or sign in", "Connect a service"]) {
    await window.page.locator(".getting-started-step").filter({ hasText: step }).first().waitFor();
  }
  await window.page
    .getByText("Enter the address of your CodeStream server.", { exact: false })
    .first()
    .waitFor();
  await window.shoot("walkthrough");
  await window.page.keyboard.press("Control+F4");
});

test("a setting that changes counts at once", async () => {
  await view.getByRole("button", { name: "Open settings" }).click();
  const setting = window.page.locator('.setting-item-contents[data-key="codestream.serverUrl"] input');
  await setting.fill(scene.stub.api);
  await setting.press("Tab");
  await signUp(window);
  await view.getByRole("button", { name: "Connect to Trello" }).waitFor();
});

test("an agent that is killed is started again, with the session", async () => {
  const before = await agent();
  process.kill(before, "SIGKILL");
  await until("another agent", () => scene.code.agents().find((pid) => pid !== before));
  await window.online();
  // What moves under the pointer cannot be pressed.
  await view.getByText("Restarting CodeStream").waitFor({ state: "detached" });
  const popup = await window.opens(() => view.getByRole("button", { name: "Connect to Trello" }).click());
  await decide(popup, "Approve", "mona");
  await finish(popup, "connected");
  await service(view, "Trello")
    .getByRole("button", { name: /^Details of/ })
    .waitFor();
});

test("an agent that dies again and again stays down and says so, and a restart helps", async () => {
  for (;;) {
    const before = scene.code.agents();
    for (const pid of before) process.kill(pid, "SIGKILL");
    const failed = view.getByRole("button", { name: "Start again" });
    const next = await until("another agent, or none any more", async () => {
      if (await failed.isVisible()) return "none";
      return scene.code.agents().some((pid) => !before.includes(pid)) ? "another" : undefined;
    });
    if (next === "none") break;
  }
  await window.shoot("agent-failed");
  await view.getByRole("button", { name: "Start again" }).click();
  await view.getByText("Signed in as mona@example.com").first().waitFor();
  await window.online();
});

test("a server that goes and comes back takes nobody's session with it", async () => {
  await scene.stub.stop();
  await view.getByText("Reconnecting to the server. You stay signed in.").first().waitFor();
  await window.shoot("server-gone");
  await scene.stub.start();
  await view
    .getByText("Reconnecting to the server. You stay signed in.")
    .first()
    .waitFor({ state: "detached" });
  await service(view, "Trello")
    .getByRole("button", { name: /^Details of/ })
    .waitFor();
  await service(view, "GitHub").getByRole("button", { name: "Details of mona at GitHub" }).click();
  await window.online();
  await window.shoot("server-back");
});

test("a start without the server keeps the session, and goes on when the server is there", async () => {
  await scene.stub.stop();
  await window.reload();
  view = await window.view();
  await view.getByText("The server does not answer").first().waitFor();
  await window.shoot("server-unreachable");
  await scene.stub.start();
  await view.getByText("Signed in as mona@example.com").first().waitFor();
});

test("the proxy is VS Code's own, and what it wants is told", async () => {
  const asked: string[] = [];
  const proxy = createProxy((socket) => {
    socket.once("data", (head) => {
      asked.push(head.toString().split("\r\n")[0] ?? "");
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
    });
  });
  const port = await listening(proxy);
  scene.code.userSettings({
    "http.proxy": `http://127.0.0.1:${port}`,
    "codestream.serverUrl": "https://api.example.test",
  });
  await window.reload();
  view = await window.view();
  await view.getByRole("heading", { name: "The proxy wants a password" }).waitFor();
  expect(asked).toContain("CONNECT api.example.test:443 HTTP/1.1");
  await window.shoot("proxy-password");
  scene.code.userSettings({ "http.proxy": "", "codestream.serverUrl": scene.stub.api });
  await window.reload();
  view = await window.view();
  await view.getByText("Signed in as mona@example.com").first().waitFor();
  proxy.close();
});

test("a link reaches the browser byte for byte, and an agent of one's own is used", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("here");
  });
  const port = await listening(server);
  const path = "/start?a=%26&b=%2B&c=%20&d=x+y&to=http%3A%2F%2F127.0.0.1%3A9%2Fcb%3Fz%3D1&u=ü#frag%23ment";
  const link = `http://127.0.0.1:${port}${path}`;
  const own = agentWithOneLink(scene.folder, link);

  scene.code.machineSettings({ "codestream.agentPath": own });
  const popup = await window.opens(() => window.reload());
  await popup.waitForLoadState();
  expect(await window.handedOver()).toEqual([link]);
  expect(popup.url()).toBe(new URL(link).href);
  const [line] = path.replace("ü", "%C3%BC").split("#");
  expect(asked).toContain(line);
  server.close();
});

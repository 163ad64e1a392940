import { beforeEach, expect, test } from "vitest";
import { Toasts } from "../../src/agent/toasts";
import { type Progress, ProgressLocation, progresses } from "../fake/vscode";

let cancelled: unknown[];
let toasts: Toasts;

const first = (): Progress => {
  const [shown] = progresses;
  if (!shown) throw new Error("nothing is shown");
  return shown;
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  progresses.length = 0;
  cancelled = [];
  toasts = new Toasts((token) => cancelled.push(token));
  toasts.show("a", { kind: "begin", title: "Connecting", cancellable: true, message: "Opening" });
});

test("progress is a notification with its steps, and closes at its end", async () => {
  expect(first()).toMatchObject({
    title: "Connecting",
    cancellable: true,
    location: ProgressLocation.Notification,
  });
  expect(toasts.show("a", { kind: "report", message: "Waiting" })).toBe(true);
  expect(first().messages).toEqual(["Opening", "Waiting"]);
  expect(toasts.show("a", { kind: "end" })).toBe(false);
  await settled();
  expect(first().open).toBe(false);
});

test("Cancel names the progress, which stays until the agent ends it", async () => {
  first().cancel();
  await settled();
  expect(cancelled).toEqual(["a"]);
  expect(first().open).toBe(true);
});

test("none outlives its agent", async () => {
  toasts.clear();
  await settled();
  expect(first().open).toBe(false);
});

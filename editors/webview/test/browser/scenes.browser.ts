/** Every state, in every theme: accessible, within 200 px, under a strict CSP, with nothing from outside. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Bench, close } from "./host";
import { scenes } from "./scenes";
import { themes, type ThemeName } from "./themes";

const screenshots = fileURLToPath(new URL("../../../../target/screenshots/webview/", import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NARROW = 200;

let bench: Bench;
beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  bench = await Bench.open();
});
afterAll(() => bench.close());

async function violations(page: Page, rules?: string[]): Promise<string[]> {
  return page.evaluate(async (rules) => {
    const { axe: checker } = window as unknown as { axe: typeof axe };
    const options = rules ? { runOnly: rules } : {};
    const { violations } = await checker.run(document, { ...options, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`),
    );
  }, rules);
}

test.concurrent.each(Object.entries(scenes))("%s", async (name, scene) => {
  const opened = await bench.view();
  const { view, page, problems } = opened;
  await scene(view);
  await view.settled();
  // The tools need timers that run; the view's time stands.
  await page.clock.resume();
  await page.clock.setFixedTime(await page.evaluate(() => Date.now()));
  // By the debugger, since the page's own policy lets no script in.
  await page.evaluate(axeSource);
  expect(await violations(page)).toEqual([]);
  for (const theme of Object.keys(themes) as ThemeName[]) {
    await view.theme(theme);
    // Colours are all that a theme changes.
    expect(await violations(page, ["color-contrast"]), theme).toEqual([]);
    await page.screenshot({
      path: `${screenshots}${name}-${theme}.png`,
      fullPage: true,
      animations: "disabled",
    });
  }
  await page.setViewportSize({ width: NARROW, height: 720 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(NARROW);
  await view.theme("dark");
  await page.screenshot({ path: `${screenshots}${name}-narrow.png`, fullPage: true, animations: "disabled" });
  expect(problems).toEqual([]);
  await close(opened);
});

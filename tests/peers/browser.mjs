// A real browser: Debian's Chromium, driven one step at a time. `node browser.mjs <screenshot folder> [no-script]`.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve, tell } from './lines.mjs';

const [shots, mode] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});
// axe-core needs scripts; `bypassCSP` lets it be injected without loosening the page's own policy for the other runs.
let context = await browser.newContext({ javaScriptEnabled: mode !== 'no-script', viewport: { width: 900, height: 700 } });
let page = await context.newPage();
const seen = { console: [], failed: [] };

function watch() {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.console.push(message.text());
  });
  page.on('requestfailed', (request) => seen.failed.push(request.url().split('?')[0]));
}
watch();

async function where() {
  return { url: page.url(), title: await page.title(), text: await page.locator('body').innerText() };
}

serve({
  open: async ({ url }) => {
    await page.goto(url);
    return where();
  },
  /** Presses the button or link with this name and waits for the page that it leads to. */
  press: async ({ name }) => {
    const target = page.getByRole('button', { name }).or(page.getByRole('link', { name })).first();
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), target.click()]);
    return where();
  },
  /** Waits until the page's text holds this. */
  read: async ({ text }) => {
    await page.getByText(text).first().waitFor({ timeout: 15000 });
    return where();
  },
  where,
  /** Takes the page in light and in dark. */
  shoot: async ({ name, width = 900 }) => {
    await page.setViewportSize({ width, height: 700 });
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: join(shots, `${name}-${scheme}.png`), fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light' });
  },
  /** What axe finds wrong, in light and in dark. */
  axe: async () => {
    const found = [];
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      // A page of its own world: evaluated by the driver, so the page's CSP neither blocks nor needs to allow it.
      const { readFileSync } = await import('node:fs');
      await page.evaluate(readFileSync(axe, 'utf8'));
      const { violations } = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
      for (const { id, help, nodes } of violations) found.push({ scheme, id, help, at: nodes.map((node) => node.target.join(' ')) });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    return found;
  },
  /** Whether the page is wider than the window. */
  overflow: ({ width }) =>
    page.setViewportSize({ width, height: 700 }).then(() => page.evaluate('document.documentElement.scrollWidth > innerWidth')),
  console: () => seen,
  /** Forgets every cookie. */
  fresh: async () => {
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: mode !== 'no-script', viewport: { width: 900, height: 700 } });
    page = await context.newPage();
    watch();
  },
});
tell({ event: 'ready' });
process.on('exit', () => browser.close());

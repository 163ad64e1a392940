// A real browser: Debian's Chromium, driven one step at a time. `node browser.mjs <screenshot folder> [no-script]`.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve, tell } from './lines.mjs';

const [shots, mode] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DESKTOP = { width: 900, height: 700 };
const PHONE = { width: 360, height: 640 };
/** WCAG 2.2, 1.4.10: nothing scrolls sideways at this width. */
const REFLOW = { width: 320, height: 640 };

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});
let context;
let page;
/** What went wrong on the pages so far: refused by a policy, not found, thrown. */
const trouble = [];

async function fresh() {
  await context?.close();
  context = await browser.newContext({ javaScriptEnabled: mode !== 'no-script', viewport: DESKTOP });
  page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('requestfailed', (request) => {
    const error = request.failure()?.errorText;
    // What a page that sends the browser on had not loaded yet.
    if (error !== 'net::ERR_ABORTED') trouble.push(`${error} ${request.url().split('?')[0]}`);
  });
}
await fresh();

/** What the page says. One that sends the browser on by itself may be left while it is being read: then the next one is. */
async function where() {
  for (;;) {
    await page.waitForLoadState('load');
    try {
      return { url: page.url(), title: await page.title(), text: await page.locator('body').innerText() };
    } catch (error) {
      if (!/navigat|context was destroyed/i.test(error.message)) throw error;
    }
  }
}

/** What axe finds; it is evaluated by the driver, so that the page's own policy neither blocks it nor is loosened for it. */
async function violations(scheme) {
  await page.evaluate(axe);
  const found = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations.map(({ id, help, nodes }) => ({ scheme, id, help, at: nodes.map((node) => node.target.join(' ')) }));
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
  /** Reaches the button or link with this name by the Tab key alone, and presses Enter. */
  tabTo: async ({ name }) => {
    for (let n = 0; n < 20; n += 1) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus');
      if ((await focused.count()) && (await focused.innerText()).includes(name)) {
        const outline = await focused.evaluate((element) => getComputedStyle(element).outlineStyle);
        await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press('Enter')]);
        return { ...(await where()), outline };
      }
    }
    throw new Error(`the Tab key does not lead to ${name}`);
  },
  /** Waits until the page's text holds this. */
  read: async ({ text }) => {
    await page.getByText(text).first().waitFor();
    return where();
  },
  where,
  /** Takes the page in light, in dark and on a phone, and gives what is wrong with it. */
  look: async ({ name }) => {
    const wrong = [];
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: join(shots, `${name}-${scheme}.png`), fullPage: true, animations: 'disabled' });
      if (mode !== 'no-script') wrong.push(...(await violations(scheme)));
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(PHONE);
    await page.screenshot({ path: join(shots, `${name}-phone.png`), fullPage: true, animations: 'disabled' });
    await page.setViewportSize(REFLOW);
    if (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) wrong.push({ id: 'scrolls sideways' });
    await page.setViewportSize(DESKTOP);
    return wrong;
  },
  /** What went wrong since the last time this was asked. */
  trouble: () => trouble.splice(0),
  /** Requests of this method from now on: `hold` them for ever, `abort` them, or let them `pass` again. */
  intercept: async ({ method, how }) => {
    await page.unrouteAll();
    if (how === 'pass') return;
    await page.route('**', async (route) => {
      if (route.request().method() !== method) await route.continue();
      else if (how === 'abort') await route.abort();
    });
  },
  /** Another profile: no cookies. */
  fresh,
});
tell({ event: 'ready' });
process.on('exit', () => browser.close());

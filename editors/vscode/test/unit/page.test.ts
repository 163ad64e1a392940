import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { page } from "../../src/view/page";

const BASE = "https://file+.vscode-resource.vscode-cdn.net/ext/webview/";
const html = readFileSync(new URL("../../../webview/public/index.html", import.meta.url), "utf8");

test("the page gets VS Code's base and source, and nothing else changes", () => {
  const made = page(html, BASE, "https://*.vscode-cdn.net");
  expect(made).toContain(`<base href="${BASE}"`);
  expect(made).toContain("script-src https://*.vscode-cdn.net;");
  expect(made).not.toContain("'self'");
  expect(made.replace(BASE, "./").replaceAll("https://*.vscode-cdn.net", "'self'")).toBe(html);
});

test("a page of another build is refused rather than shown without its policy", () => {
  expect(() => page("<html></html>", BASE, "x")).toThrow(/base/);
  expect(() => page('<base href="./">', BASE, "x")).toThrow(/self/);
});

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { plain } from "../../src/notices";

interface Row {
  what: string;
  text: string;
}

const path = (from: string): string => fileURLToPath(new URL(from, import.meta.url));
const corpus = JSON.parse(readFileSync(path("../../../../protocol/golden/hostile_names.json"), "utf8")) as {
  names: Row[];
};

/** What VS Code makes a link of: `LINK_REGEX` of `vs/base/common/linkedText.ts`. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

const link = (text: string): boolean => LINK.test(text);

/** CWE-451: a name of a stranger that runs a command when it is pressed. */
test("no name becomes a link in a notification", () => {
  const names = corpus.names.map(({ text }) => text);
  names.push("[a](https://evil.test)", '[a](file:///etc "b")', "[[a]](command:x)", "[a]](command:x)");
  expect(names.filter(link).length).toBe(3);
  for (const name of names) expect(link(plain(`Disconnect ${name} at GitHub?`)), name).toBe(false);
});

test("a name without a link stays as it is", () => {
  for (const { text } of corpus.names.filter(({ text }) => !text.includes("](")))
    expect(plain(text)).toBe(text);
});

/** One place shows messages, or the next one would be forgotten. */
test("nothing else shows a message", () => {
  const files = readdirSync(path("../../src"), { recursive: true, encoding: "utf8" });
  const others = files.filter((file) => file.endsWith(".ts") && file !== "notices.ts");
  for (const file of others) {
    const text = readFileSync(path(`../../src/${file}`), "utf8");
    expect(text, file).not.toMatch(/window\s*\.\s*show(Information|Warning|Error)Message/);
  }
});

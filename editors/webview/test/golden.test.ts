import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { format } from "prettier";
import { initial, reduce } from "../src/state";
import { isMessage } from "../src/transport";
import { golden } from "./golden";

const file = new URL("../golden/bridge.json", import.meta.url);

test("the golden messages are up to date", async () => {
  const wanted = await format(JSON.stringify(golden), { parser: "json", printWidth: 110 });
  const found = (() => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  })();
  if (found !== wanted) writeFileSync(file, wanted);
  expect(found, "golden/bridge.json was stale and has been written anew: commit it").toBe(wanted);
});

test("no golden message to the view holds a secret", () => {
  const text = JSON.stringify(golden.hostToView);
  for (const key of ["token", "accessToken", "refreshToken", "broadcasterToken", "secret"]) {
    expect(text).not.toContain(`"${key}"`);
  }
});

test.each(golden.hostToView.map((message) => [JSON.stringify(message), message] as const))(
  "the view takes %s",
  (text, message) => {
    const decoded: unknown = JSON.parse(text);
    expect(isMessage(decoded)).toBe(true);
    expect(() => reduce(initial, { type: "message", message }, 0)).not.toThrow();
  },
);

test("what is not of the bridge is left alone", () => {
  for (const other of [null, 1, "ready", [], {}, { type: 1 }, { type: "webpackOk" }, { type: "ready" }]) {
    expect(isMessage(other)).toBe(false);
  }
});

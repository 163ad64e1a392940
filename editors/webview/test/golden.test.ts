import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { format } from "prettier";
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

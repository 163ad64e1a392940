import { expect, test } from "vitest";
import { afterEnd, CAP, WINDOW } from "../../src/agent/backoff";

test("each end within the window doubles the wait, and the cap ends it", () => {
  let ends: readonly number[] = [];
  const waits: (number | undefined)[] = [];
  for (let n = 0; n < CAP; n += 1) {
    const verdict = afterEnd(ends, n);
    ends = verdict.ends;
    waits.push(verdict.wait);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, undefined]);
});

test("an end that is older than the window is forgiven", () => {
  const many = Array.from({ length: CAP }, () => 0);
  expect(afterEnd(many, WINDOW)).toEqual({ ends: [WINDOW], wait: 500 });
  expect(afterEnd(many, WINDOW - 1).wait).toBeUndefined();
});

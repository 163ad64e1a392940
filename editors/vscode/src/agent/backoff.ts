/**
 * When an agent that ended by itself is started again, and when no more. Pure.
 */

/** Ends older than this are forgiven, in milliseconds. */
export const WINDOW = 3 * 60_000;
/** So many ends within the window are one too many. */
export const CAP = 5;
const FIRST = 500;
const LONGEST = 8_000;

/** The ends that still count, and the wait before the next start in milliseconds; none when the cap is reached. */
export interface Verdict {
  ends: readonly number[];
  wait?: number;
}

/** The agent ended at `now`; `ends` are the times of its earlier ends. */
export function afterEnd(ends: readonly number[], now: number): Verdict {
  const counting = [...ends.filter((end) => now - end < WINDOW), now];
  if (counting.length >= CAP) return { ends: counting };
  return { ends: counting, wait: Math.min(FIRST * 2 ** (counting.length - 1), LONGEST) };
}

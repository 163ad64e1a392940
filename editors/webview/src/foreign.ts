/**
 * Names that others have chosen, for a sentence of ours. Pure.
 *
 * The agent bounds and cleans them already; the view does not rely on it, since whoever controls a name must not be able to
 * reorder or hide the words of a question beside it.
 */

/** Controls, and the formatting characters of the bidirectional algorithm (UAX #9). */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const LONGEST = 120;
/** What cannot change the direction of the text around it. */
const LEFT_TO_RIGHT = /^[\u0020-\u024f]*$/;

export function plain(name: string): string {
  const letters = Array.from(name.replace(/\s+/gu, " ").replace(UNSEEN, "").trim());
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : letters.join("");
}

/** For sentences that are plain text: an element has `Name`, which is isolated by its markup. */
export function isolated(name: string): string {
  const text = plain(name);
  return LEFT_TO_RIGHT.test(text) ? text : `\u2068${text}\u2069`;
}

/** Times for a person. Pure: `now` is a parameter; language and zone are the browser's. */

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What is left until `end`, as `4:05`; never below `0:00`. */
export function countdown(end: number, now: number): string {
  const left = Math.max(0, Math.ceil((end - now) / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** The same in words. */
export function countdownSpoken(end: number, now: number): string {
  const left = Math.max(0, Math.ceil((end - now) / 1000));
  const minutes = Math.floor(left / 60);
  return minutes > 0
    ? `${count(minutes, "minute")} ${count(left % 60, "second")} left`
    : `${count(left, "second")} left`;
}

/** What part of an attempt's time is left, from 1 to 0. */
export function remaining(start: number, end: number, now: number): number {
  return end > start ? Math.min(1, Math.max(0, (end - now) / (end - start))) : 0;
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

const sameDay = (a: number, b: number) => new Date(a).toDateString() === new Date(b).toDateString();

function clock(at: number): string {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(at);
}

function date(at: number): string {
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** When something began; absent when nobody knows. */
export function since(at: number, now: number): string | undefined {
  if (at <= 0) return undefined;
  if (now - at < MINUTE) return "just now";
  if (sameDay(at, now)) return `today, ${clock(at)}`;
  if (sameDay(at, now - DAY)) return `yesterday, ${clock(at)}`;
  return date(at);
}

/** By when a token is renewed. */
export function refreshed(at: number | undefined, now: number): string {
  if (at === undefined) return "not needed, the access does not expire";
  if (at <= now) return "due now";
  return sameDay(at, now) ? `automatic, by ${clock(at)}` : `automatic, by ${date(at)}, ${clock(at)}`;
}

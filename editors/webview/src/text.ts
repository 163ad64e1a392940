/** The view's sentences about steps, ends and results. Pure; what the server or the agent worded is passed on as it is. */
import type { AttemptEnd } from "../../../protocol/bindings/AttemptEnd";
import type { AttemptKind } from "../../../protocol/bindings/AttemptKind";
import type { Disconnected } from "../../../protocol/bindings/Disconnected";
import type { ErrorKind } from "../../../protocol/bindings/ErrorKind";
import type { Identity } from "../../../protocol/bindings/Identity";
import type { SessionRow } from "../../../protocol/bindings/SessionRow";
import type { Step } from "../../../protocol/bindings/Step";
import type { Provider } from "./bridge";
import { isolated } from "./foreign";
import { count } from "./time";

/** What goes on. */
export function stepText(step: Step, host: string): string {
  switch (step) {
    case "opening":
      return "Opening your browser";
    case "waiting":
      return `Waiting for you to approve at ${host}`;
    case "confirming":
      return "Waiting for your answer";
    case "finishing":
      return "Approved. Checking the account";
  }
}

/** Who came back, and whether that account may sign in from now on. */
export function confirmQuestion(account: string | undefined, name: string): string {
  const whom = account === undefined || account === "" ? "this account" : isolated(account);
  return `Let ${whom} at ${name} sign in as you?`;
}

/** What can be offered to mend a failure. */
export type Help = "settings" | "request" | "signUp" | "signIn";

/** A failure for a person. */
export interface Failing {
  title: string;
  /** What to say when nobody worded it. */
  sentence: string;
  /** Whether the same may work when it is tried again. */
  again: boolean;
  help?: Help;
}

const unlucky = (title: string, sentence: string): Failing => ({ title, sentence, again: true });
const settled = (title: string, sentence: string): Failing => ({ title, sentence, again: false });

const FAILURES: Record<ErrorKind, Failing> = {
  notConfigured: {
    ...settled("No server is set", "Set the address of the CodeStream server."),
    help: "settings",
  },
  notSignedIn: settled("You are not signed in", "Sign in first."),
  noTeam: settled("You are in no team", "Ask somebody of your team to invite you."),
  unknownProvider: settled("Unknown service", "The server does not know this service."),
  providerNotConfigured: unlucky("Not set up on the server", "Ask the server's administrator to set it up."),
  serverUnreachable: {
    ...unlucky("The server does not answer", "Check the connection, then try again."),
    help: "settings",
  },
  notCodeStream: {
    ...unlucky("That is not a CodeStream server", "Check the server's address in the settings."),
    help: "settings",
  },
  tlsUntrusted: {
    ...unlucky("The certificate is not trusted", "Add your company's certificate in the settings."),
    help: "settings",
  },
  proxyAuth: {
    ...unlucky("The proxy wants a password", "Give it in the proxy's address in the settings."),
    help: "settings",
  },
  proxyNeedsTls: {
    ...unlucky("The proxy takes https only", "Set an https address for the server."),
    help: "settings",
  },
  browserUnavailable: unlucky("No browser could be opened", "Copy the link into a browser of your own."),
  declined: settled("You declined", "Nothing was changed."),
  expired: unlucky("Time is up", "Nobody approved in the browser in time."),
  cancelled: unlucky("Cancelled", "Nothing was changed."),
  superseded: unlucky("Started again", "A newer attempt took its place."),
  stateRejected: unlucky(
    "The answer could not be trusted",
    "It was used before or came from another browser. Nothing was changed.",
  ),
  exchangeRefused: unlucky("The service refused", "It did not hand out access. Nothing was changed."),
  emailUnverified: unlucky(
    "Your e-mail address is not verified",
    "Verify it at the service, then try again.",
  ),
  alreadyRegistered: {
    ...settled("You have an account already", "Sign in with the service that you signed up with."),
    help: "signIn",
  },
  notRegistered: {
    ...settled("There is no account yet", "Sign up first; it takes the same click."),
    help: "signUp",
  },
  identityUnsupported: settled(
    "It cannot be used to sign in",
    "This service does not prove an e-mail address.",
  ),
  tokenRevoked: unlucky("Access was taken back", "The service does not accept the access any more."),
  ssoRequired: unlucky(
    "Single sign-on is required",
    "Authorise CodeStream for your organisation at the service, then try again.",
  ),
  adminApproval: {
    ...unlucky(
      "An administrator must approve",
      "Ask an administrator of your organisation to approve CodeStream.",
    ),
    help: "request",
  },
  forbidden: unlucky("Not allowed", "Your account may not do this."),
  rateLimited: unlucky("Too many requests", "Wait a moment, then try again."),
  tooLarge: settled("Too large", "The answer is over a size bound."),
  internal: unlucky("Something went wrong", "Try again. If it stays so, copy the details into a report."),
};

/** A kind that only a newer agent has is told by its message alone. */
export function failing(kind: ErrorKind | undefined): Failing {
  const known: Partial<Record<ErrorKind, Failing>> = FAILURES;
  return known[kind ?? "internal"] ?? FAILURES.internal;
}

/** How an attempt ended. */
export interface EndText extends Failing {
  tone: "good" | "quiet" | "warning" | "bad";
}

export function endText(end: AttemptEnd, name: string, kind: AttemptKind): EndText {
  const as = end.account === undefined || end.account === "" ? "" : ` as ${isolated(end.account)}`;
  switch (end.outcome) {
    case "connected":
      if (kind === "link") {
        const sentence = linkedText(end.account, name);
        return { title: sentence, sentence, again: false, tone: "good" };
      }
      return { title: `Connected${as}`, sentence: `${name} is connected${as}.`, again: false, tone: "good" };
    case "signedIn":
      return { title: `Signed in${as}`, sentence: `You are signed in${as}.`, again: false, tone: "good" };
    case "cancelled":
      return { title: "Cancelled", sentence: "Cancelled. Nothing was changed.", again: true, tone: "quiet" };
    case "superseded":
      return { ...failing("superseded"), tone: "quiet" };
    case "expired":
      return worded({ ...failing("expired"), tone: "warning" }, end.message);
    case "failed":
      return end.kind === "declined"
        ? { ...failing("declined"), sentence: "You declined. Nothing was changed.", tone: "quiet" }
        : worded({ ...failingOf(end.kind, kind), tone: "bad" }, withoutLink(end));
  }
}

/** Whoever adds a way to sign in has an account and is signed in. */
function failingOf(failure: ErrorKind | undefined, kind: AttemptKind): Failing {
  return kind === "link" && failure === "alreadyRegistered"
    ? settled(
        "Already in use",
        "This account signs in to another CodeStream account. Remove it there, or use another one.",
      )
    : failing(failure);
}

export function linkedText(account: string | undefined, name: string): string {
  const whom =
    account === undefined || account === "" ? `Your ${name} account` : `${isolated(account)} at ${name}`;
  return `${whom} can now sign in as you.`;
}

/** The message; none when it is about a link that has a button and would fill the view. */
function withoutLink({ message, link }: AttemptEnd): string | undefined {
  return link !== undefined && message?.includes(link) ? undefined : message;
}

function worded(text: EndText, message: string | undefined): EndText {
  return message === undefined || message === "" ? text : { ...text, sentence: message };
}

/** Whether the access ended at the service too. */
export function disconnectedText(result: Disconnected, who: string, name: string): string {
  const gone = who === "" ? `${name} is disconnected.` : `${isolated(who)} is disconnected.`;
  const link = result.manualUrl === undefined ? "" : " You can end it there yourself.";
  // A way to sign in is not ended by a disconnect.
  const signsIn = result.signsIn === true ? ` ${STILL_SIGNS_IN}` : "";
  return `${gone} ${ended(result, name, link)}${signsIn}`;
}

const STILL_SIGNS_IN = "This account can still sign in as you. To stop that, remove it in Your account.";

function ended({ revoked }: Disconnected, name: string, link: string): string {
  switch (revoked) {
    case "yes":
      return `${name} confirmed that the access has ended.`;
    case "unsupported":
      return `${name} has no way to end the access from here.${link}`;
    case "failed":
      return `${name} did not confirm that the access has ended.${link}`;
  }
}

/** One line before a press: where it leads, and what is asked for. */
export function purpose({ host, scopes, tokenOnly }: Provider): string {
  const first = scopes[0]?.reason;
  const leads = tokenOnly ? `Takes a token that you make at ${host}` : `Opens ${host}`;
  return first === undefined ? `${leads} to connect your account.` : `${leads} to let CodeStream ${first}.`;
}

/** An identity in a sentence. */
export function identityText({ name, displayName, host }: Identity): string {
  return name === undefined || name === ""
    ? `Your account at ${isolated(host)}`
    : `${isolated(name)} at ${displayName}`;
}

/** Where a session is, e.g. `VS Code on mona-laptop`. */
export function placeText({ ide, machine }: SessionRow): string {
  const where = machine === undefined || machine === "" ? "" : ` on ${isolated(machine)}`;
  return `${ide === undefined || ide === "" ? "An editor" : isolated(ide)}${where}`;
}

export function endedText(ended: number): string {
  return ended === 0 ? "No other session was open." : `Signed out of ${count(ended, "session")}.`;
}

/** Whom removing or replacing a host would disconnect beside the person who asks. */
export function affectedQuestion(affected: readonly string[], host: string): string {
  const [first = "", second] = affected.map(isolated);
  const others = affected.length - 1;
  const whom =
    others === 0 ? first : others === 1 ? `${first} and ${second ?? ""}` : `${first} and ${others} others`;
  return `This also disconnects ${whom} at ${isolated(host)}. Remove it anyway?`;
}

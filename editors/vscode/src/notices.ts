/**
 * Messages to a person. VS Code reads `[text](command:…)` in a notification as a link that runs a command, and
 * `[text](https:…)` and `[text](file:…)` as links, too (`vs/base/common/linkedText.ts`); what is shown here is text, also
 * when a stranger wrote a part of it. Nothing else in this extension shows a message (CWE-451).
 */
import { window } from "vscode";

/** The text with nothing in it that VS Code would make a link of: between the brackets there must be nothing. */
export const plain = (text: string): string => text.replaceAll("](", "] (");

type Show = typeof window.showInformationMessage;

// Looked up at each call, as VS Code may replace its own functions.
const safely = (show: () => (message: string, ...rest: never[]) => unknown): Show =>
  ((message: string, ...rest: never[]) => show()(plain(message), ...rest)) as Show;

export const showInformationMessage = safely(() => window.showInformationMessage);
export const showWarningMessage = safely(() => window.showWarningMessage);
export const showErrorMessage = safely(() => window.showErrorMessage);

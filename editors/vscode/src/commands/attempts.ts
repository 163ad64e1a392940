/**
 * What an attempt of this window asks or tells while the view is not to be seen.
 */
import { commands } from "vscode";
import type { Attempt, Request } from "../protocol";
import { showWarningMessage } from "../notices";

/** Whether the account that came back may sign in from now on: only a press of its own says yes. */
export async function confirm(attempt: Attempt, name: string, request: Request): Promise<void> {
  const { attemptId, account } = attempt;
  const yes = "Allow Sign-in";
  const chosen = await showWarningMessage(
    `Let ${account ?? "this account"} at ${name} sign in as you?`,
    {
      modal: true,
      detail: `Whoever has this ${name} account can then sign in to your CodeStream account.`,
    },
    yes,
  );
  await request(chosen === yes ? "codestream/attempt/confirm" : "codestream/attempt/cancel", { attemptId });
}

export async function tellNote({ attemptId }: Attempt, text: string, request: Request): Promise<void> {
  const again = "Open Again";
  const cancel = "Cancel Attempt";
  const chosen = await showWarningMessage(text, again, cancel);
  if (chosen === again) await request("codestream/attempt/reopen", { attemptId });
  if (chosen === cancel) await request("codestream/attempt/cancel", { attemptId });
}

export async function tellSessionEnded(): Promise<void> {
  const signIn = "Sign In";
  const text = "Your CodeStream session has ended. Sign in again; what you connected is kept.";
  if ((await showWarningMessage(text, signIn)) === signIn) {
    await commands.executeCommand("codestream.signIn");
  }
}

/**
 * The agent's progress as notifications with a Cancel button; the language client would hide it in the status bar.
 */
import { ProgressLocation, window } from "vscode";
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { plain } from "../notices";

interface Toast {
  report: (message: string) => void;
  close: () => void;
}

export class Toasts {
  readonly #toasts = new Map<ProgressToken, Toast>();

  constructor(private readonly cancel: (token: ProgressToken) => void) {}

  /** Shows a step; false when the client must do its part too. */
  show(
    token: ProgressToken,
    step: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd,
  ): boolean {
    switch (step.kind) {
      case "begin":
        this.#open(token, step);
        return true;
      case "report":
        if (step.message) this.#toasts.get(token)?.report(step.message);
        return true;
      case "end":
        this.#close(token);
        return false;
    }
  }

  /** Closes all: the agent is gone. */
  clear(): void {
    for (const token of [...this.#toasts.keys()]) this.#close(token);
  }

  #open(token: ProgressToken, { title, cancellable = false, message }: WorkDoneProgressBegin): void {
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    // Known before VS Code has made it: the end may come first.
    const toast: Toast = { close, report: () => undefined };
    this.#toasts.set(token, toast);
    void window.withProgress(
      { location: ProgressLocation.Notification, title: plain(title), cancellable },
      (progress, cancelled) => {
        toast.report = (text) => {
          progress.report({ message: plain(text) });
        };
        if (message) toast.report(message);
        cancelled.onCancellationRequested(() => {
          this.cancel(token);
        });
        return closed;
      },
    );
  }

  #close(token: ProgressToken): void {
    this.#toasts.get(token)?.close();
    this.#toasts.delete(token);
  }
}

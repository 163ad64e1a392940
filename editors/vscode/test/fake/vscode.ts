/**
 * The little of VS Code's API that the pure parts touch: it records what it was asked for. Everything else is tested in the
 * real thing, in `test/e2e`.
 */
export interface Progress {
  title: string;
  cancellable: boolean;
  location: number;
  messages: string[];
  open: boolean;
  cancel: () => void;
}

export const opened: unknown[] = [];
export const progresses: Progress[] = [];

export const ProgressLocation = { Notification: 15 };

export const env = {
  openExternal: (target: unknown): Promise<boolean> => {
    opened.push(target);
    return Promise.resolve(true);
  },
};

export const window = {
  withProgress: async (
    options: { title: string; cancellable: boolean; location: number },
    task: (
      progress: { report: (value: { message: string }) => void },
      token: { onCancellationRequested: (call: () => void) => void },
    ) => Promise<void>,
  ): Promise<void> => {
    const shown: Progress = { ...options, messages: [], open: true, cancel: () => undefined };
    progresses.push(shown);
    await task(
      { report: ({ message }) => shown.messages.push(message) },
      { onCancellationRequested: (call) => (shown.cancel = call) },
    );
    shown.open = false;
  },
};

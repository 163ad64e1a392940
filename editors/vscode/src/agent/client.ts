/**
 * The language client over one agent process: notifications out, requests in, links opened, progress shown.
 * Must not decide when an agent is started, and must not write a message's content to the log: sessions are in them.
 */
import { commands, Disposable, LogLevel, type LogOutputChannel } from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  ShowMessageNotification,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import { agentDown } from "../error";
import { type InitializationOptions, type NotificationName, NOTIFICATIONS } from "../protocol";
import { showDocument } from "./links";
import { type AgentProcess, outlive } from "./process";
import type { Agent } from "./supervisor";
import { Toasts } from "./toasts";
import { showWarningMessage } from "../notices";

/** How long an agent may take to answer `initialize`, in milliseconds. */
const PATIENCE = 30_000;
/** How long a process may take to be gone after its connection is, in milliseconds. */
const GONE = 1_000;
const LATE = Symbol("late");
/** vscode-jsonrpc: the connection closed before there was an answer, or before the question. */
const PENDING_REJECTED = -32097;
const CONNECTION_INACTIVE = -32096;

/** A client without pop-ups of its own: the view and the supervisor tell what is wrong. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** A channel at which no trace is ever asked for, whatever its level: a trace holds whole messages, and sessions are in them. */
function untraced(log: LogOutputChannel): LogOutputChannel {
  const never: LogOutputChannel["onDidChangeLogLevel"] = () => new Disposable(() => undefined);
  return Object.create(log, {
    logLevel: { value: LogLevel.Info },
    onDidChangeLogLevel: { value: never },
  }) as LogOutputChannel;
}

/** Brings the client up over a process that has just been started. Rejects, and ends the process, when it does not come up. */
export async function connect(
  agent: AgentProcess,
  options: InitializationOptions,
  log: LogOutputChannel,
  notified: (method: NotificationName, params: unknown) => void,
): Promise<Agent> {
  const toasts = new Toasts((token) => {
    void client.sendNotification(WorkDoneProgressCancelNotification.type, { token });
  });
  const clientOptions: LanguageClientOptions = {
    documentSelector: [],
    initializationOptions: options,
    outputChannel: log,
    traceOutputChannel: untraced(log),
    // The process' standard error is read where it is started.
    stdioOptions: { stdout: () => undefined, stderr: () => undefined },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    initializationFailedHandler: () => false,
    middleware: {
      window: { showDocument },
      handleWorkDoneProgress: (token, params, next) => {
        if (!toasts.show(token, params)) next(token, params);
      },
    },
  };
  const client = new QuietClient(
    "codestream",
    "CodeStream",
    () => Promise.resolve({ process: agent.child, detached: false }),
    clientOptions,
  );
  for (const method of NOTIFICATIONS) {
    client.onNotification(method, (params: unknown) => {
      notified(method, params);
    });
  }
  client.onNotification(ShowMessageNotification.type, ({ message }) => {
    complain(message, options, log);
  });
  void agent.ended.then(() => {
    toasts.clear();
  });
  await startWithin(client, agent);
  return {
    ended: agent.ended,
    request: async (method, params) => {
      try {
        return await client.sendRequest<unknown>(method, params);
      } catch (error) {
        throw isGone(error) ? agentDown("The agent ended before it answered. Try again.") : error;
      }
    },
    stop: async () => {
      toasts.clear();
      // A client that cannot say goodbye has a process that must be ended all the same.
      await client.stop().catch(() => undefined);
      agent.child.stdin.end();
      await outlive(agent);
    },
  };
}

/** What the agent tells the person by itself is about settings. That there is no server yet, the view says. */
function complain(message: string, options: InitializationOptions, log: LogOutputChannel): void {
  log.warn(message);
  if (!options.serverUrl) return;
  const settings = "Open Settings";
  void showWarningMessage(message, settings).then((chosen) => {
    if (chosen === settings) void commands.executeCommand("workbench.action.openSettings", "codestream");
  });
}

async function startWithin(client: LanguageClient, agent: AgentProcess): Promise<void> {
  try {
    const outcome = await within(PATIENCE, Promise.race([client.start(), agent.ended]));
    if (outcome === LATE) throw new Error("The agent did not answer.");
    if (typeof outcome === "string") throw new Error(`The agent ended (${outcome}).`);
  } catch (error) {
    // The client sees its connection close a moment before the process is gone; how it ended says more.
    const manner = await within(GONE, agent.ended);
    if (manner !== LATE) throw new Error(`The agent ended (${manner}).`, { cause: error });
    agent.child.kill("SIGKILL");
    throw error;
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => {
      resolve(LATE);
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === PENDING_REJECTED || code === CONNECTION_INACTIVE;
}

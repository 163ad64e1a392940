/**
 * The agent as a child process: started, watched, and ended for certain. Knows nothing of what is said to it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How long an agent that was told to end may take, in milliseconds. */
const GRACE = 3_000;

export interface AgentProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with its manner when it ended: "status 101", "signal SIGKILL". */
  readonly ended: Promise<string>;
}

/**
 * Starts the agent in its LSP mode; `line` takes its log, line by line.
 * Rejects when it cannot be started.
 */
export async function spawnAgent(path: string, line: (text: string) => void): Promise<AgentProcess> {
  const child = spawn(path, ["--stdio"], { stdio: "pipe", windowsHide: true });
  createInterface({ input: child.stderr, crlfDelay: Infinity }).on("line", line);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (status, signal) => {
      resolve(signal === null ? `status ${status ?? 0}` : `signal ${signal}`);
    });
  });
  // Writing to an agent that has just ended is no news: `ended` tells.
  child.stdin.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      reject(new Error(`The agent could not be started: ${error.message}.`));
    });
  });
  child.on("error", () => undefined);
  return { child, ended };
}

/** Waits for an end that was asked for, and brings it about if it does not come. */
export async function outlive(agent: AgentProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      agent.child.kill("SIGKILL");
      resolve();
    }, GRACE);
  });
  await Promise.race([agent.ended, late]);
  clearTimeout(timer);
  await agent.ended;
}

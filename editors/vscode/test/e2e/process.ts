/** Processes of a story: started, waited for by what they say or answer, and ended for certain. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";

/** How long anything may take that does not wait for a person, in milliseconds. */
export const PATIENCE = 30_000;

/** Asks until the answer is there; the wait between two questions is short, the whole is bounded. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  patience = PATIENCE,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`In vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Started {
  /** The first line of standard output that matches. */
  readonly line: Promise<RegExpExecArray>;
  /** Ends it and all that it started. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a process in a group of its own; what it says on standard error goes to a file. */
export function start(
  path: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; log: string; ready: RegExp },
): Started {
  const child = spawn(path, args, { env: options.env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(options.log, { flags: "a" });
  child.stderr.pipe(log);
  const line = new Promise<RegExpExecArray>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      log.write(`${text}\n`);
      const match = options.ready.exec(text);
      if (match) resolve(match);
    });
    child.once("error", reject);
    child.once("exit", (status) => {
      reject(new Error(`${path} ended with ${String(status)}; see ${options.log}`));
    });
  });
  line.catch(() => undefined);
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  return {
    line,
    end: async (signal = "SIGTERM") => {
      kill(child, signal);
      const timer = setTimeout(() => {
        kill(child, "SIGKILL");
      }, 5_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, signal);
}

/**
 * The agent's own findings about the way to the server: `codestream-agent doctor`, which shows no secrets.
 */
import { execFile } from "node:child_process";
import type { Settings } from "../settings";

/** It tries each part of the way; one that hangs must not hold up the rest of the details. In milliseconds. */
const PATIENCE = 10_000;

/** What it found, or why there is nothing. Never rejects. */
export function doctor(path: string, settings: Settings): Promise<string> {
  const args = [
    "doctor",
    ...(settings.serverUrl ? ["--server", settings.serverUrl] : []),
    ...(settings.extraCerts ? ["--extra-certs", settings.extraCerts] : []),
  ];
  // By the environment: a proxy's password has no business on a command line.
  const url = settings.proxy?.url;
  const proxy = url === undefined ? {} : { HTTP_PROXY: url, HTTPS_PROXY: url };
  return new Promise((resolve) => {
    execFile(
      path,
      args,
      { timeout: PATIENCE, windowsHide: true, env: { ...process.env, ...proxy } },
      // Its exit status says whether all is well, which the text says too.
      (_, stdout, stderr) => {
        resolve(stdout || stderr || "The agent found nothing to say.");
      },
    );
  });
}

/**
 * What the stories need and is made once: code-server, the agent and the server stub, and the packaged extension.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** Where things are. */
export interface Places {
  codeServer: string;
  vsix: string;
  stub: string;
}

declare module "vitest" {
  interface ProvidedContext {
    places: Places;
  }
}

const HERE = join(import.meta.dirname, "../..");
const REPOSITORY = join(HERE, "../..");

export default function setup(project: TestProject): void {
  const vsix = join(HERE, `codestream-${process.platform}-${process.arch}.vsix`);
  if (!existsSync(vsix)) throw new Error(`There is no ${vsix}: run \`npm run package\` first.`);
  project.provide("places", { codeServer: codeServer(), vsix, stub: binary("codestream-server-stub") });
}

function codeServer(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const prefix = process.env["CODE_SERVER_PREFIX"] ?? join(cache, "codestream/code-server");
  execFileSync(join(HERE, "test/install-code-server.sh"), [prefix], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return join(prefix, "node_modules/.bin/code-server");
}

/** A binary of this repository: from CODESTREAM_BIN_DIR, or built now. */
function binary(name: string): string {
  const folder = process.env["CODESTREAM_BIN_DIR"];
  if (folder) return join(folder, name);
  const args = ["build", "--locked", "-p", name, "--message-format=json-render-diagnostics"];
  const printed = execFileSync(process.env["CARGO"] ?? "cargo", args, {
    cwd: REPOSITORY,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const line of printed.split("\n").filter((text) => text.startsWith("{"))) {
    const message = JSON.parse(line) as { executable?: string | null; target?: { name: string } };
    if (message.executable && message.target?.name === name) return message.executable;
  }
  throw new Error(`cargo built no ${name}.`);
}

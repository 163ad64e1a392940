// Makes `codestream-<platform>-<arch>.vsix`: the bundle, the built view, and the agent.
//
// The agent is the one that CODESTREAM_AGENT names, or else a release build of this repository. VSCODE_TARGET names another
// platform than this one, e.g. `darwin-arm64`; then CODESTREAM_AGENT must name an agent for it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const here = join(import.meta.dirname, "..");
const repository = join(here, "../..");
const target = process.env.VSCODE_TARGET ?? `${process.platform}-${process.arch}`;
const [platform] = target.split("-");

function agent() {
  const given = process.env.CODESTREAM_AGENT;
  if (given) return given;
  if (process.env.VSCODE_TARGET)
    throw new Error("VSCODE_TARGET needs CODESTREAM_AGENT: an agent for that platform.");
  const args = [
    "build",
    "--release",
    "--locked",
    "-p",
    "codestream-agent",
    "--message-format=json-render-diagnostics",
  ];
  const printed = execFileSync(process.env.CARGO ?? "cargo", args, {
    cwd: repository,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const built = printed
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ executable, target }) => executable && target.name === "codestream-agent");
  return built.executable;
}

const view = join(here, "webview");
rmSync(view, { recursive: true, force: true });
cpSync(join(repository, "editors/webview/dist"), view, { recursive: true });

const bin = join(here, "bin");
const name = platform === "win32" ? "codestream-agent.exe" : "codestream-agent";
rmSync(bin, { recursive: true, force: true });
mkdirSync(join(bin, target), { recursive: true });
cpSync(agent(), join(bin, target, name));
chmodSync(join(bin, target, name), 0o755);

cpSync(join(repository, "LICENSE"), join(here, "LICENSE"));
const vsix = join(here, `codestream-${target}.vsix`);
const vsce = join(here, "node_modules/@vscode/vsce/vsce");
// An older one must not be taken for this one if the packaging fails.
rmSync(vsix, { force: true });
// The page's picture is inside: there is no address to rewrite it to.
const args = [
  "package",
  "--no-dependencies",
  "--no-rewrite-relative-links",
  "--target",
  target,
  "--out",
  vsix,
];
execFileSync(process.execPath, [vsce, ...args], { cwd: here, stdio: "inherit" });

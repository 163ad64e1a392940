/** Real VS Code, as a server with folders of its own, and the packaged extension in it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Places } from "./setup";
import { type Started, start } from "./process";

export type SettingsOf = Record<string, unknown>;

const QUIET: SettingsOf = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "window.commandCenter": false,
  "chat.commandCenter.enabled": false,
  "remote.autoForwardPorts": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "workbench.reduceMotion": "on",
  // Light or dark as the browser asks for.
  "window.autoDetectColorScheme": true,
};

export class CodeServer {
  #process: Started | undefined;
  url = "";

  constructor(
    private readonly places: Places,
    private readonly folder: string,
  ) {
    for (const name of ["work", "home", "user/User", "user/Machine", "extensions"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
  }

  get #environment(): NodeJS.ProcessEnv {
    const own = (name: string): string => join(this.folder, "home", name);
    return {
      ...process.env,
      HOME: join(this.folder, "home"),
      XDG_CONFIG_HOME: own("config"),
      XDG_DATA_HOME: own("data"),
      XDG_CACHE_HOME: own("cache"),
      XDG_STATE_HOME: own("state"),
      // Otherwise links to this machine are rewritten to a path of code-server, and lose path and query.
      VSCODE_PROXY_URI: "",
      EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    };
  }

  async start(settings: SettingsOf): Promise<void> {
    writeFileSync(join(this.folder, "user/User/settings.json"), JSON.stringify({ ...QUIET, ...settings }));
    const common = [
      ...["--config", join(this.folder, "code-server.yaml")],
      ...["--user-data-dir", join(this.folder, "user")],
      ...["--extensions-dir", join(this.folder, "extensions")],
    ];
    execFileSync(this.places.codeServer, [...common, "--install-extension", this.places.vsix, "--force"], {
      env: this.#environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#process = start(
      this.places.codeServer,
      [
        ...common,
        ...["--bind-addr", "127.0.0.1:0"],
        ...["--auth", "none"],
        "--disable-telemetry",
        "--disable-update-check",
        "--disable-workspace-trust",
        "--disable-getting-started-override",
        "--ignore-last-opened",
        ...["--link-protection-trusted-domains", "*"],
        join(this.folder, "work"),
      ],
      {
        env: this.#environment,
        log: join(this.folder, "code-server.log"),
        ready: /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/,
      },
    );
    const [, url] = await this.#process.line;
    this.url = `${url ?? ""}/`;
  }

  /** Changes settings of the person's; they count from the next load on. */
  userSettings(change: SettingsOf): void {
    const path = join(this.folder, "user/User/settings.json");
    const now = JSON.parse(readFileSync(path, "utf8")) as SettingsOf;
    writeFileSync(path, JSON.stringify({ ...now, ...change }));
  }

  /** Settings of the machine, the only ones that may name a program; they count from the next load on. */
  machineSettings(settings: SettingsOf): void {
    writeFileSync(join(this.folder, "user/Machine/settings.json"), JSON.stringify(settings));
  }

  /** The agents that run now: processes of the binary inside the installed extension. */
  agents(): number[] {
    const within = join(this.folder, "extensions");
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/exe`).startsWith(within);
        } catch {
          // It ended while we looked, or is not ours.
          return false;
        }
      })
      .map(Number);
  }

  async stop(): Promise<void> {
    await this.#process?.end();
  }
}

/** The real server with its sandbox, on a database that outlives it. */
import { join } from "node:path";
import { type Started, start } from "./process";

export class Stub {
  #process: Started | undefined;
  #addresses = { api: "127.0.0.1:0", sandbox: "127.0.0.1:0" };
  api = "";
  sandbox = "";

  constructor(
    private readonly path: string,
    private readonly folder: string,
  ) {}

  /** Starts it; the second time at the addresses of the first. */
  async start(): Promise<void> {
    const { api, sandbox } = this.#addresses;
    this.#process = start(
      this.path,
      [
        "serve",
        "--sandbox",
        "--ready-json",
        ...["--listen", api],
        ...["--sandbox-listen", sandbox],
        ...["--database", `sqlite:${join(this.folder, "codestream.db")}`],
      ],
      { env: { ...process.env, RUST_LOG: "info" }, log: join(this.folder, "stub.log"), ready: /^\{.*\}$/ },
    );
    const [line] = await this.#process.line;
    const ready = JSON.parse(line) as { api: string; sandbox: string };
    this.api = ready.api;
    this.sandbox = ready.sandbox;
    this.#addresses = {
      api: new URL(ready.api).host,
      sandbox: `127.0.0.1:${new URL(ready.sandbox).port}`,
    };
  }

  /** Has the sandbox do something. */
  async control(name: string, what: object): Promise<void> {
    const response = await fetch(`${this.sandbox}/sandbox/control/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(what),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
  }

  async stop(): Promise<void> {
    await this.#process?.end();
  }
}

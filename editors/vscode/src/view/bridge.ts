/**
 * The host's end of the bridge: what the view asks for is checked here, and passed on or done; what it may know is sent.
 * Must not let a request through that is not in the list, nor a token out.
 */
import type {
  Commanded,
  CommandName,
  Commands,
  DidLoginSafe,
  HostInfo,
  HostToView,
  Method as ViewMethod,
} from "../../../webview/src/bridge";
import type { AgentState } from "../agent/supervisor";
import { bridgeError, INVALID_PARAMS, METHOD_NOT_FOUND, RequestError } from "../error";
import type { DidLogin, NotificationName } from "../protocol";

/** What a view may ask the agent for. */
const ALLOWED: Record<ViewMethod, true> = {
  "codestream/status": true,
  "codestream/provider/list": true,
  "codestream/provider/connect": true,
  "codestream/provider/disconnect": true,
  "codestream/provider/remove": true,
  "codestream/login/sso": true,
  "codestream/login/link": true,
  "codestream/login/identities": true,
  "codestream/login/unlink": true,
  "codestream/session/list": true,
  "codestream/session/end": true,
  "codestream/attempt/confirm": true,
  "codestream/attempt/cancel": true,
  "codestream/attempt/reopen": true,
  "codestream/logout": true,
};

/** What a command's arguments must be. */
const ARGUMENTS: Record<CommandName, (args: Record<string, unknown>) => boolean> = {
  copy: ({ text }) => typeof text === "string",
  openExternal: ({ url }) => typeof url === "string" && /^https?:\/\//i.test(url),
  useToken: ({ providerId }) => typeof providerId === "string",
  addHost: ({ providerId, host }) =>
    typeof providerId === "string" && (host === undefined || typeof host === "string"),
  openSettings: () => true,
  showLog: () => true,
  restartAgent: () => true,
};

export type CommandHandlers = { [C in CommandName]: (args: Commands[C]) => Promise<Commanded> };

/** What the bridge stands on. */
export interface Host {
  post(message: HostToView): void;
  /** To the agent. */
  request(method: ViewMethod, params: unknown): Promise<unknown>;
  commands: CommandHandlers;
  info(): HostInfo;
  agent(): AgentState;
  /** Whether the agent was given a session of which the server has not spoken yet. */
  resuming(): boolean;
}

export class Bridge {
  #ready = false;
  /** A focus that came before the view listened. */
  #focus: HostToView | undefined;

  constructor(private readonly host: Host) {}

  /** Takes a message of the view. */
  receive(message: unknown): void {
    if (!isRecord(message)) return;
    switch (message["type"]) {
      case "ready":
        this.#ready = true;
        this.infoChanged();
        this.agentChanged();
        if (this.#focus) this.host.post(this.#focus);
        this.#focus = undefined;
        return;
      case "request":
        void this.#answer(message["id"], () => this.#request(message["method"], message["params"]));
        return;
      case "command":
        void this.#answer(message["id"], () => this.#command(message["command"], message["args"]));
        return;
    }
  }

  infoChanged(): void {
    this.#post({ type: "host", ...this.host.info() });
  }

  agentChanged(): void {
    const { status, message } = this.host.agent();
    // A view is reason enough to start the agent; until then it is about to.
    const shown = status === "stopped" ? "starting" : status;
    const resuming = this.host.resuming();
    this.#post({
      type: "agent",
      status: shown,
      ...(message && { message }),
      ...(resuming && { resuming }),
    });
  }

  notified(method: NotificationName, params: unknown): void {
    const safe = method === "codestream/didLogin" ? withoutToken(params as DidLogin) : params;
    this.#post({ type: "notification", method, params: safe } as HostToView);
  }

  focus(providerId?: string): void {
    const message: HostToView = { type: "focus", ...(providerId !== undefined && { providerId }) };
    if (this.#ready) this.host.post(message);
    else this.#focus = message;
  }

  /** Before it listens there is nothing to tell a view: it asks for everything first. */
  #post(message: HostToView): void {
    if (this.#ready) this.host.post(message);
  }

  async #answer(id: unknown, work: () => Promise<unknown>): Promise<void> {
    if (typeof id !== "number") return;
    try {
      this.host.post({ type: "response", id, result: (await work()) ?? {} });
    } catch (error) {
      this.host.post({ type: "response", id, error: bridgeError(error) });
    }
  }

  async #request(method: unknown, params: unknown): Promise<unknown> {
    if (typeof method !== "string" || !isAllowed(method)) {
      throw new RequestError(METHOD_NOT_FOUND, `A view may not ask for ${String(method)}.`);
    }
    return this.host.request(method, params ?? {});
  }

  async #command(command: unknown, args: unknown): Promise<unknown> {
    if (typeof command !== "string" || !isCommand(command)) {
      throw new RequestError(METHOD_NOT_FOUND, `There is no command ${String(command)}.`);
    }
    const given = isRecord(args) ? args : {};
    if (!ARGUMENTS[command](given)) {
      throw new RequestError(INVALID_PARAMS, `The arguments of ${command} cannot be used.`);
    }
    return (this.host.commands[command] as (args: unknown) => Promise<Commanded>)(given);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAllowed(method: string): method is ViewMethod {
  return Object.hasOwn(ALLOWED, method);
}

function isCommand(command: string): command is CommandName {
  return Object.hasOwn(ARGUMENTS, command);
}

/** Field by field, so that a secret that is added one day stays here. */
function withoutToken({ session, signupStatus }: DidLogin): DidLoginSafe {
  const { userId, email, teamId, serverUrl } = session;
  return { session: { userId, email, serverUrl, ...(teamId && { teamId }) }, signupStatus };
}

/**
 * Where everything that the agent says arrives: keeps the model, keeps the session in the secret store, and tells the others.
 * Owns the model and the order in which the secret store is written.
 */
import type { AttemptDidChange } from "../../../protocol/bindings/AttemptDidChange";
import type { DidLogout } from "../../../protocol/bindings/DidLogout";
import type { AgentState } from "./agent/supervisor";
import { EMPTY, ending, type Event, lost, type Model, reduce, serviceOf } from "./model";
import type { Attempt, DidLogin, NotificationName, Request, StoredToken } from "./protocol";
import type { SessionStore } from "./session";

/** Those who are told, and asked. */
export interface Surround {
  request: Request;
  sessions: SessionStore;
  changed(model: Model): void;
  /** How an attempt of this window ended, for a person who may be looking elsewhere. */
  ended(good: boolean, text: string): void;
  /** An account came back from a link attempt of this window, and waits for the person's word. */
  confirming(attempt: Attempt, name: string): void;
  /** Something about an attempt of this window that the person should know. */
  noted(attempt: Attempt, name: string, text: string): void;
  /** The session ended, and not by a sign-out in this window. */
  sessionEnded(): void;
  /** An access was taken back; every window hears of it, and one word is enough. */
  lost(text: string): void;
  /** A new session is in the secret store. */
  signedIn(): Thenable<void>;
  /** Passes a notification on to the view. */
  passOn(method: NotificationName, params: unknown): void;
  /** For the log. */
  trouble(what: string, error: unknown): void;
}

export class Hub {
  #model: Model = EMPTY;
  #server = "";
  /** The session's token that the agent holds or is trying. */
  #token: string | undefined;
  #order: Promise<void> = Promise.resolve();
  /** Counts the askings: what an older one hears when a newer one is under way is of the past. */
  #askings = 0;

  constructor(private readonly around: Surround) {}

  get model(): Model {
    return this.#model;
  }

  /** An agent is being started for a server; gives the session that it starts with. */
  async launching(serverUrl: string): Promise<StoredToken | undefined> {
    this.#server = serverUrl;
    await this.#order;
    const kept = serverUrl === "" ? undefined : await this.around.sessions.load(serverUrl);
    this.#token = kept?.value;
    this.#apply({ type: "launching", configured: serverUrl !== "", resuming: kept !== undefined });
    return kept;
  }

  agentChanged(state: AgentState): void {
    this.#apply({ type: "agent", state });
    if (state.status === "running") void this.#refresh();
  }

  notified(method: NotificationName, params: unknown): void {
    const before = this.#model;
    this.#apply({ type: "notification", method, params });
    this.around.passOn(method, params);
    switch (method) {
      case "codestream/didLogin":
        this.#keep((params as DidLogin).session);
        void this.#refresh();
        break;
      case "codestream/didLogout":
        if ((params as DidLogout).reason !== "requested") this.around.sessionEnded();
        this.#forget();
        void this.#refresh();
        void this.adopt();
        break;
      case "codestream/attempt/didChange":
        this.#attempt(before, (params as AttemptDidChange).attempt);
        break;
      case "codestream/didChangeData":
        for (const text of lost(before, this.#model)) this.around.lost(text);
        break;
      case "codestream/didChangeConnectionStatus":
        break;
    }
  }

  /** Takes up the session that another window has got meanwhile, if this one has none. Resolves with whether it has one now. */
  async adopt(): Promise<boolean> {
    await this.#inOrder("take up the session of another window", async () => {
      const server = this.#server;
      const idle = (): boolean =>
        server !== "" &&
        server === this.#server &&
        this.#token === undefined &&
        this.#model.agent.status === "running";
      if (!idle()) return;
      const kept = await this.around.sessions.load(server);
      if (!kept || !idle()) return;
      this.#token = kept.value;
      try {
        const result = await this.around.request("codestream/login/token", { token: kept });
        if (!("error" in result)) return;
        if (result.error === "TOKEN_INVALID" || result.error === "TOKEN_EXPIRED") {
          await this.around.sessions.forget(server, kept.value);
        }
        this.#token = undefined;
      } catch (error) {
        this.#token = undefined;
        throw error;
      }
    });
    return this.#token !== undefined;
  }

  #keep(session: DidLogin["session"]): void {
    this.#token = session.token;
    void this.#inOrder("keep the session", async () => {
      if (await this.around.sessions.save(session)) await this.around.signedIn();
    });
  }

  #forget(): void {
    const [server, token] = [this.#server, this.#token];
    this.#token = undefined;
    if (token === undefined) return;
    void this.#inOrder("forget the session", () => this.around.sessions.forget(server, token));
  }

  #attempt(before: Model, attempt: AttemptDidChange["attempt"]): void {
    const known = before.attempts.get(attempt.attemptId);
    if (!attempt.end) {
      const name = serviceOf(this.#model, attempt);
      if (attempt.step === "confirming" && known?.step !== "confirming") {
        this.around.confirming(attempt, name);
      }
      if (attempt.note && attempt.note !== known?.note) this.around.noted(attempt, name, attempt.note);
      return;
    }
    if (known?.end) return;
    const told = ending(this.#model, attempt, attempt.end);
    if (told) this.around.ended(told.good, told.text);
  }

  async #refresh(): Promise<void> {
    this.#askings += 1;
    const asking = this.#askings;
    const apply = (event: Event): void => {
      if (asking === this.#askings) this.#apply(event);
    };
    try {
      // Each counts from its own arrival: the list may wait for the server, and the status would be old by then.
      await Promise.all([
        this.around.request("codestream/status", {}).then((status) => {
          apply({ type: "status", status });
        }),
        this.around.request("codestream/provider/list", {}).then(({ providers }) => {
          apply({ type: "providers", providers });
        }),
      ]);
    } catch (error) {
      // The view says what is wrong; here it is only a status bar without news.
      this.around.trouble("ask the agent how things are", error);
    }
  }

  #apply(event: Event): void {
    this.#model = reduce(this.#model, event);
    this.around.changed(this.#model);
  }

  #inOrder(what: string, work: () => Promise<void>): Promise<void> {
    this.#order = this.#order.then(work).catch((error: unknown) => {
      this.around.trouble(what, error);
    });
    return this.#order;
  }
}

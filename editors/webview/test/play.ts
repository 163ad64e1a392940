/** Plays events against the reducer, as a host and a person would cause them. */
import type { BridgeError, HostToView, Method, Provider, RequestMessage, ViewToHost } from "../src/bridge";
import { initial, reduce, type Action, type Effect, type State } from "../src/state";
import type { Attempt } from "../../../protocol/bindings/Attempt";
import type { Status } from "../../../protocol/bindings/Status";
import { NOW, status, twelve } from "./fixtures";

export class Play {
  state: State = initial;
  now = NOW;
  /** What the last event caused. */
  effects: Effect[] = [];
  readonly posted: ViewToHost[] = [];

  say(message: HostToView): this {
    return this.take({ type: "message", message });
  }

  act(action: Action): this {
    return this.take({ type: "action", action });
  }

  later(ms: number): this {
    this.now += ms;
    return this.take({ type: "tick" });
  }

  attempt(attempt: Attempt): this {
    return this.say({ type: "notification", method: "codestream/attempt/didChange", params: { attempt } });
  }

  /** Answers the latest request of that method. */
  answer(method: Method, result: object): this {
    return this.reply(this.request(method).id, result);
  }

  refuse(method: Method, error: BridgeError): this {
    return this.say({ type: "response", id: this.request(method).id, error });
  }

  reply(id: number, result: object): this {
    return this.say({ type: "response", id, result });
  }

  /** The agent runs and has told everything. */
  started(told: Status = status(), providers: Provider[] = twelve): this {
    this.say({ type: "agent", status: "running" });
    return this.answer("codestream/status", told).answer("codestream/provider/list", { providers });
  }

  request(method: Method): RequestMessage {
    const found = this.requests(method).at(-1);
    if (!found) throw new Error(`nobody asked for ${method}`);
    return found;
  }

  requests(method: Method): RequestMessage[] {
    return this.posted.filter(
      (message): message is RequestMessage => message.type === "request" && message.method === method,
    );
  }

  command(name: string): Extract<ViewToHost, { type: "command" }> {
    const found = this.posted.findLast((message) => message.type === "command" && message.command === name);
    if (found?.type !== "command") throw new Error(`nobody asked the host to ${name}`);
    return found;
  }

  private take(event: Parameters<typeof reduce>[1]): this {
    [this.state, this.effects] = reduce(this.state, event, this.now);
    for (const effect of this.effects) if (effect.do === "post") this.posted.push(effect.message);
    return this;
  }
}

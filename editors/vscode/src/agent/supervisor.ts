/**
 * Keeps one agent running: starts it, starts it again with back-off when it ends by itself, and gives up at a cap.
 * Owns the agent's state; knows neither VS Code nor how an agent is started.
 */
import type { AgentStatus } from "../../../webview/src/bridge";
import { agentDown } from "../error";
import { afterEnd } from "./backoff";
import { NoBinary } from "./binary";

/** An agent that runs. */
export interface Agent {
  request(method: string, params: unknown): Promise<unknown>;
  /** Resolves with its manner, for a person, when it ended: "status 101". Never rejects. */
  readonly ended: Promise<string>;
  /** Ends it in good order, or else by force. Never rejects. */
  stop(): Promise<void>;
}

export interface Clock {
  now(): number;
  /** Calls back once; the result calls it off. */
  after(milliseconds: number, call: () => void): () => void;
}

export interface AgentState {
  status: AgentStatus | "stopped";
  message?: string;
}

export class Supervisor {
  #state: AgentState = { status: "stopped" };
  #agent: Agent | undefined;
  #ends: readonly number[] = [];
  #callOff: (() => void) | undefined;
  /** Counts starts and stops: what began under an older number has no say any more. */
  #generation = 0;
  #waiting: (() => void)[] = [];
  /** Resolves when every agent that was left has ended. */
  #left: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly launch: () => Promise<Agent>,
    private readonly clock: Clock,
    private readonly changed: (state: AgentState) => void,
  ) {}

  get state(): AgentState {
    return this.#state;
  }

  /** Starts the agent unless it was started before. */
  start(): void {
    if (this.#state.status === "stopped") this.#launch({ status: "starting" });
  }

  /** Ends the agent that runs, if any, and starts another; earlier ends are forgiven. */
  restart(): void {
    this.#leave();
    this.#ends = [];
    this.#launch({ status: "starting" });
  }

  /** Ends the agent for good. */
  async stop(): Promise<void> {
    this.#leave();
    this.#set({ status: "stopped" });
    await this.#left;
  }

  /** Sends a request; one that comes while the agent is being started waits for it. */
  async request(method: string, params: unknown): Promise<unknown> {
    this.start();
    while (this.#state.status === "starting" || this.#state.status === "restarting") {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const agent = this.#agent;
    if (!agent) throw agentDown(this.#state.message ?? "The agent does not run.");
    return agent.request(method, params);
  }

  #leave(): void {
    this.#generation += 1;
    this.#callOff?.();
    this.#callOff = undefined;
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent) this.#outlast(agent.stop());
  }

  #launch(state: AgentState): void {
    this.#generation += 1;
    const generation = this.#generation;
    this.#set(state);
    // Two agents of one window at a time would both tell of the same session.
    void this.#left.then(async () => {
      if (generation === this.#generation) await this.#run(generation);
    });
  }

  async #run(generation: number): Promise<void> {
    const launching = this.launch();
    const stale = (): boolean => generation !== this.#generation;
    this.#outlast(
      launching.then(
        (agent) => (stale() ? agent.stop() : undefined),
        () => undefined,
      ),
    );
    let agent: Agent;
    try {
      agent = await launching;
    } catch (error) {
      if (stale()) return;
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof NoBinary) this.#set({ status: "failed", message });
      else this.#again(message);
      return;
    }
    if (stale()) return;
    this.#agent = agent;
    this.#set({ status: "running" });
    const manner = await agent.ended;
    if (stale()) return;
    this.#agent = undefined;
    this.#again(`The agent ended (${manner}).`);
  }

  #outlast(work: Promise<unknown>): void {
    this.#left = Promise.all([this.#left, work]);
  }

  #again(what: string): void {
    const verdict = afterEnd(this.#ends, this.clock.now());
    this.#ends = verdict.ends;
    if (verdict.wait === undefined) {
      const message = `${what} It ended ${verdict.ends.length} times within minutes and is not started again. See the log, then restart it.`;
      this.#set({ status: "failed", message });
      return;
    }
    this.#set({ status: "restarting", message: `${what} Starting it again.` });
    const generation = this.#generation;
    this.#callOff = this.clock.after(verdict.wait, () => {
      if (generation === this.#generation) this.#launch(this.#state);
    });
  }

  #set(state: AgentState): void {
    const same = state.status === this.#state.status && state.message === this.#state.message;
    this.#state = state;
    if (!same) this.changed(state);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

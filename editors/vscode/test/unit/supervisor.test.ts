import { beforeEach, expect, test } from "vitest";
import { CAP } from "../../src/agent/backoff";
import { NoBinary } from "../../src/agent/binary";
import { type Agent, type AgentState, Supervisor } from "../../src/agent/supervisor";

/** An agent that ends when the test says so. */
class FakeAgent implements Agent {
  asked: string[] = [];
  stops = 0;
  readonly ended: Promise<string>;
  end: (manner: string) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  request(method: string): Promise<unknown> {
    this.asked.push(method);
    return Promise.resolve({ method });
  }

  stop(): Promise<void> {
    this.stops += 1;
    this.end("status 0");
    return Promise.resolve();
  }
}

let agents: FakeAgent[];
let launch: () => Promise<Agent>;
let timers: { wait: number; call: () => void }[];
let states: AgentState[];
let supervisor: Supervisor;

/** Lets everything that is ready run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const statuses = (): string[] => states.map(({ status }) => status);
const agent = (n: number): FakeAgent => {
  const found = agents[n];
  if (!found) throw new Error(`there is no agent ${n}`);
  return found;
};
const fire = (): void => {
  timers.shift()?.call();
};

beforeEach(() => {
  agents = [];
  timers = [];
  states = [];
  launch = () => {
    const started = new FakeAgent();
    agents.push(started);
    return Promise.resolve(started);
  };
  const clock = {
    now: () => 0,
    after: (wait: number, call: () => void) => {
      const timer = { wait, call };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
  };
  supervisor = new Supervisor(
    () => launch(),
    clock,
    (state) => states.push(state),
  );
});

test("a request starts the agent and waits for it", async () => {
  expect(await supervisor.request("a", {})).toEqual({ method: "a" });
  supervisor.start();
  await settled();
  expect(agents).toHaveLength(1);
  expect(statuses()).toEqual(["starting", "running"]);
});

test("an agent that ends by itself is started again after a wait, and requests wait for the new one", async () => {
  supervisor.start();
  await settled();
  agent(0).end("status 101");
  await settled();
  expect(states.at(-1)).toEqual({
    status: "restarting",
    message: "The agent ended (status 101). Starting it again.",
  });
  expect(timers.map(({ wait }) => wait)).toEqual([500]);
  const answer = supervisor.request("b", {});
  fire();
  expect(await answer).toEqual({ method: "b" });
  expect(agent(1).asked).toEqual(["b"]);
});

test("at the cap it stays down, says so, and a restart by hand forgives", async () => {
  supervisor.start();
  for (let n = 0; n < CAP; n += 1) {
    await settled();
    agent(n).end("signal SIGSEGV");
    await settled();
    fire();
  }
  expect(states.at(-1)?.status).toBe("failed");
  expect(states.at(-1)?.message).toMatch(/SIGSEGV.*5 times.*log/);
  await expect(supervisor.request("c", {})).rejects.toThrow(/5 times/);
  expect(agents).toHaveLength(CAP);
  supervisor.restart();
  await settled();
  expect(states.at(-1)).toEqual({ status: "running" });
});

test("a binary that is not there fails at once; one that does not come up is tried again", async () => {
  launch = () => Promise.reject(new NoBinary("Nothing there."));
  supervisor.start();
  await settled();
  expect(states.at(-1)).toEqual({ status: "failed", message: "Nothing there." });
  launch = () => Promise.reject(new Error("Did not answer."));
  supervisor.restart();
  await settled();
  expect(states.at(-1)?.status).toBe("restarting");
});

test("a restart ends the old agent before it starts the new one", async () => {
  supervisor.start();
  await settled();
  supervisor.restart();
  supervisor.restart();
  await settled();
  expect(agent(0).stops).toBe(1);
  expect(agents).toHaveLength(2);
  expect(statuses()).toEqual(["starting", "running", "starting", "running"]);
});

test("an agent that comes up after a stop is ended, too", async () => {
  let up: (agent: Agent) => void = () => undefined;
  launch = () => new Promise((resolve) => (up = resolve));
  supervisor.start();
  await settled();
  const late = new FakeAgent();
  const stopped = supervisor.stop();
  up(late);
  await stopped;
  await settled();
  expect(late.stops).toBe(1);
  expect(supervisor.state).toEqual({ status: "stopped" });
});

test("a wait is called off by a stop", async () => {
  supervisor.start();
  await settled();
  agent(0).end("status 1");
  await settled();
  await supervisor.stop();
  expect(timers).toEqual([]);
});

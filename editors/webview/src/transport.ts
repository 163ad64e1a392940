/** The one place that knows what kind of host this is. Carries messages; looks into none. */
import type { HostToView, ViewToHost } from "./bridge";

declare global {
  interface Window {
    acquireVsCodeApi?: () => { postMessage(message: unknown): void };
    /** JetBrains: injected by the host, perhaps after the page. */
    codestreamHost?: { post(text: string): void };
    codestream?: { receive(text: string): void };
  }
}

export interface Transport {
  post(message: ViewToHost): void;
}

/** Finds the host and hands over whatever it says. */
export function connect(window: Window, receive: (message: HostToView) => void): Transport {
  const heard = (value: unknown) => {
    if (isMessage(value)) receive(value);
  };
  if (window.acquireVsCodeApi) {
    const api = window.acquireVsCodeApi();
    window.addEventListener("message", (event) => {
      heard(event.data);
    });
    return {
      post: (message) => {
        api.postMessage(message);
      },
    };
  }
  const waiting: ViewToHost[] = [];
  const flush = () => {
    while (window.codestreamHost && waiting.length > 0) {
      window.codestreamHost.post(JSON.stringify(waiting.shift()));
    }
  };
  window.codestream = {
    receive: (text) => {
      heard(JSON.parse(text));
    },
  };
  window.addEventListener("codestream-host", flush);
  return {
    post: (message) => {
      waiting.push(message);
      flush();
    },
  };
}

const TYPES = new Set<string>([
  "host",
  "agent",
  "response",
  "notification",
  "theme",
  "focus",
] satisfies HostToView["type"][]);

/** Whether it is one of ours; pages get other `message` events too. The shapes inside are the host's promise. */
export function isMessage(value: unknown): value is HostToView {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    TYPES.has(value.type)
  );
}

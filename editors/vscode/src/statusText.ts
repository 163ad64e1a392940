/**
 * The status bar item's words: one on how things are, more in its tooltip. Pure.
 */
import { type Model, running } from "./model";

export interface StatusText {
  text: string;
  tooltip: string;
  warning: boolean;
}

export function statusText(model: Model): StatusText {
  const say = (icon: string, tooltip: string, warning = false): StatusText => ({
    text: `$(${icon}) CodeStream`,
    tooltip,
    warning,
  });
  switch (model.agent.status) {
    case "stopped":
      return say("plug", model.configured ? "Not started" : "No server is configured yet. Press to begin.");
    case "starting":
      return say("sync~spin", "Starting");
    case "restarting":
      return say("sync~spin", model.agent.message ?? "Starting again");
    case "failed":
      return say("error", model.agent.message ?? "The agent does not run.", true);
    case "running":
      break;
  }
  const [attempt] = running(model);
  if (attempt) return say("sync~spin", `Waiting for you at ${attempt.host}`);
  if (!model.configured) return say("plug", "No server is configured yet. Press to begin.");
  if (!model.session && model.resuming) {
    return say("debug-disconnect", "Waiting for the server. You stay signed in.");
  }
  if (!model.session) return say("plug", "Signed out. Press to sign in.");

  const broken = model.providers.filter(({ accounts }) => accounts.some(({ error }) => error));
  const connected = model.providers.filter((provider) => provider.connected);
  const lines = [
    `Signed in as ${model.session.email}`,
    ...(connected.length ? [`Connected: ${names(connected)}`] : ["No service is connected yet"]),
    ...(broken.length ? [`To reconnect: ${names(broken)}`] : []),
    ...(model.connection === "reconnected" ? [] : ["Reconnecting to the server"]),
  ];
  const icon =
    model.connection === "reconnected" ? (broken.length ? "warning" : "pass-filled") : "debug-disconnect";
  return say(icon, lines.join("\n"), broken.length > 0);
}

function names(providers: readonly { displayName: string }[]): string {
  return providers.map(({ displayName }) => displayName).join(", ");
}

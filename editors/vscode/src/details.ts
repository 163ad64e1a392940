/**
 * "Copy Details": what helps somebody else to see what is wrong, and never a secret. Pure.
 *
 * Links are left out: the link of an attempt carries its code.
 */
import { withoutUser } from "../../webview/src/address";
import type { Model } from "./model";
import type { Settings, Surroundings } from "./settings";

export interface Facts {
  surroundings: Surroundings;
  settings: Settings;
  model: Model;
  /** Where the extension host runs, as VS Code names it; absent on the person's own machine. */
  remote?: string | undefined;
  platform: string;
  /** The agent's own findings, or why there are none. */
  doctor: string;
}

export function details(facts: Facts): string {
  const { surroundings, settings, model } = facts;
  const lines: [string, string][] = [
    ["extension", surroundings.extensionVersion],
    ["ide", `${surroundings.ide.name} ${surroundings.ide.version}`],
    ["where", `${facts.platform}${facts.remote === undefined ? "" : `, remote (${facts.remote})`}`],
    ["server", withoutUser(settings.serverUrl) || "none"],
    ["proxy", settings.proxy ? withoutUser(settings.proxy.url) : "none of VS Code's"],
    ["strict TLS", settings.proxy?.strictSSL === false ? "off through the proxy" : "on"],
    ["extra CAs", settings.extraCerts ?? "none"],
    ["agent", [model.agent.status, model.agent.message].filter(Boolean).join(": ")],
    [
      "session",
      model.session ? `user ${model.session.userId}, team ${model.session.teamId ?? "none"}` : "none",
    ],
    ["channel", model.connection],
    ...model.providers
      .filter(({ accounts }) => accounts.length > 0)
      .map(({ providerId, accounts }): [string, string] => [
        "service",
        `${providerId}, ${accounts.map(({ error }) => (error ? `to reconnect (${error})` : "connected")).join(", ")}`,
      ]),
    ...[...model.attempts.values()].map((attempt): [string, string] => {
      const { end } = attempt;
      const how = end && [end.outcome, end.kind, end.code, end.message].filter(Boolean).join(", ");
      return [
        "attempt",
        `${attempt.attemptId}, ${attempt.kind} ${attempt.providerId}, begun ${new Date(attempt.startedAt).toISOString()}, ` +
          `${attempt.step}${how ? `: ${how}` : ""}`,
      ];
    }),
  ];
  const head = lines.map(([name, value]) => `${name.padEnd(12)}  ${value}`).join("\n");
  return `${head}\n\n${facts.doctor.trim()}\n`;
}

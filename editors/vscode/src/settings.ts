/**
 * The settings, read once per start of the agent, and what the agent is told of them.
 */
import type { InitializationOptions, StoredToken, TraceLevel } from "./protocol";

/** The settings' names that need a new agent when they change. */
export const SETTINGS = ["codestream", "http.proxy", "http.proxyStrictSSL"] as const;

/** What a person set. Empty strings are absent. */
export interface Settings {
  /** Address of the server; empty when none is configured. */
  serverUrl: string;
  extraCerts?: string;
  traceLevel: TraceLevel;
  agentPath?: string;
  proxy?: { url: string; strictSSL: boolean };
}

/** Facts about where the extension runs. */
export interface Surroundings {
  ide: { name: string; version: string };
  extensionVersion: string;
  machineName: string;
}

/** Reads a setting by its whole name. */
export type ReadSetting = (name: string) => unknown;

export function readSettings(read: ReadSetting): Settings {
  const text = (name: string): string => {
    const value = read(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const extraCerts = text("codestream.extraCerts");
  const agentPath = text("codestream.agentPath");
  const proxy = text("http.proxy");
  return {
    serverUrl: text("codestream.serverUrl"),
    // The agent checks the level: it knows which there are, and complains by name.
    traceLevel: (text("codestream.traceLevel") || "info") as TraceLevel,
    ...(extraCerts && { extraCerts }),
    ...(agentPath && { agentPath }),
    ...(proxy && { proxy: { url: proxy, strictSSL: read("http.proxyStrictSSL") !== false } }),
  };
}

export function initializationOptions(
  settings: Settings,
  surroundings: Surroundings,
  session: StoredToken | undefined,
): InitializationOptions {
  return {
    serverUrl: settings.serverUrl,
    ...(session && { accessToken: session.value }),
    ...(session?.teamId && { teamId: session.teamId }),
    ...(settings.proxy && { proxy: settings.proxy }),
    ...(settings.extraCerts && { extraCerts: settings.extraCerts }),
    extension: { version: surroundings.extensionVersion },
    ide: surroundings.ide,
    machineName: surroundings.machineName,
    traceLevel: settings.traceLevel,
  };
}

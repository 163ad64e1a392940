import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json";
import { readSettings } from "../../src/settings";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name));

test("every command of the manifest is there, and no other", () => {
  const verbs = [...read("src/commands/commands.ts").matchAll(/^ {4}(?:async )?(\w+):/gm)].map(
    ([, verb]) => verb,
  );
  const declared = manifest.contributes.commands.map(({ command }) => command.replace("codestream.", ""));
  expect(verbs.sort()).toEqual(declared.sort());
});

test("a command's id is none of those that the language client registers for the agent", () => {
  for (const { command } of manifest.contributes.commands)
    expect(command).not.toMatch(/^codestream\.agent\./);
});

test("every setting of the manifest is read, and no other", () => {
  const asked = new Set<string>();
  readSettings((name) => {
    asked.add(name);
    return name === "http.proxy" ? "http://proxy.example.com" : undefined;
  });
  const own = [...asked].filter((name) => name.startsWith("codestream."));
  expect(own.sort()).toEqual(Object.keys(manifest.contributes.configuration.properties).sort());
});

test("no workspace can choose the agent, the server or whom to trust", () => {
  for (const [name, { scope }] of Object.entries(manifest.contributes.configuration.properties)) {
    expect(["machine", "application"], name).toContain(scope);
  }
});

test("it runs where the work is: over SSH, in WSL, in containers", () => {
  expect(manifest.extensionKind).toEqual(["workspace"]);
});

test("nothing here knows a service or an OAuth parameter", () => {
  const services =
    /asana|azure|bitbucket|github|gitlab|intercom|jira|atlassian|linear|teams\b|microsoft|relic|slack|trello/i;
  const parameters =
    /redirect_uri|response_type|grant_type|client_id|client_secret|code_verifier|code_challenge|refresh_token/i;
  expect(sources.length).toBeGreaterThan(10);
  for (const path of sources) {
    expect(read(path), path).not.toMatch(services);
    expect(read(path), path).not.toMatch(parameters);
  }
});

test("nothing here speaks to a network or counts what is done: the agent alone does, to the server that is set", () => {
  const ways = /telemetry|fetch\(|XMLHttpRequest|WebSocket|["']node:(?:https?|http2|net|tls|dgram|dns)["']/i;
  for (const path of sources) expect(read(path), path).not.toMatch(ways);
  expect(manifest).not.toHaveProperty("dependencies");
});

test("the walkthrough leads to commands, pictures and conditions that are there", () => {
  const own = new Set(manifest.contributes.commands.map(({ command }) => command));
  const conditions = [
    ...(/conditions = \{([^}]*)\}/.exec(read("src/extension.ts"))?.[1] ?? "").matchAll(/(\w+):/g),
  ];
  for (const { id, description, media, completionEvents } of manifest.contributes.walkthroughs.flatMap(
    ({ steps }) => steps,
  )) {
    const links = [...description.matchAll(/command:([\w.]+)/g)].map(([, command]) => command ?? "");
    expect(links.length, id).toBeGreaterThan(0);
    for (const link of links) expect(own.has(link) || link.startsWith("workbench."), link).toBe(true);
    expect(existsSync(join(root, media.markdown)), id).toBe(true);
    for (const event of completionEvents) {
      const [, name] = /^onContext:codestream\.(\w+)$/.exec(event) ?? [];
      expect(conditions.map(([, condition]) => condition)).toContain(name);
    }
  }
});

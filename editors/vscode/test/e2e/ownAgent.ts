/** An agent that somebody wrote themselves. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes one that does a single thing, which is to have a link opened, and gives its path. */
export function agentWithOneLink(folder: string, link: string): string {
  const path = join(folder, "own-agent");
  writeFileSync(path, script(link));
  chmodSync(path, 0o755);
  return path;
}

const script = (link: string): string => `#!${process.execPath}
const send = (message) => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  process.stdout.write("Content-Length: " + Buffer.byteLength(body) + "\\r\\n\\r\\n" + body);
};
let text = "";
process.stdin.setEncoding("utf8").on("end", () => process.exit(1)).on("data", (part) => {
  text += part;
  for (let head; (head = /^Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text)); ) {
    const end = head[0].length + Number(head[1]);
    if (text.length < end) return;
    const message = JSON.parse(text.slice(head[0].length, end));
    text = text.slice(end);
    if (message.method === "initialize") send({ id: message.id, result: { capabilities: {} } });
    if (message.method === "initialized") send({ id: 1, method: "window/showDocument", params: { uri: ${JSON.stringify(link)}, external: true } });
    if (message.method === "codestream/status") send({ id: message.id, result: { server: "", connection: "disconnected", attempts: [] } });
    if (message.method === "codestream/provider/list") send({ id: message.id, result: { providers: [] } });
    if (message.method === "shutdown") send({ id: message.id, result: null });
    if (message.method === "exit") process.exit(0);
  }
});
`;

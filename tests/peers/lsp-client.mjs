// A stock LSP client, vscode-languageserver-protocol: `node lsp-client.mjs <agent> [args...]`.
import { spawn } from 'node:child_process';
import rpc from 'vscode-languageserver-protocol/node.js';
import { serve, tell } from './lines.mjs';

const [command, ...args] = process.argv.slice(2);
const agent = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const connection = rpc.createProtocolConnection(
  new rpc.StreamMessageReader(agent.stdout),
  new rpc.StreamMessageWriter(agent.stdin),
);
agent.on('exit', (code, signal) => tell({ event: 'exit', code, signal }));
connection.onRequest(rpc.ShowDocumentRequest.type, (params) => {
  tell({ event: 'showDocument', params });
  return { success: true };
});
connection.onRequest(rpc.WorkDoneProgressCreateRequest.type, () => null);
connection.onUnhandledNotification((message) => tell({ event: message.method, params: message.params }));
connection.listen();

serve({
  request: ({ method, params }) => connection.sendRequest(method, params),
  notify: ({ method, params }) => connection.sendNotification(method, params),
});
tell({ event: 'ready' });

// A stock LSP client, vscode-languageserver-protocol: `node lsp-client.mjs <agent> [args...]`.
import { spawn } from 'node:child_process';
import { mismatches } from './shapes.mjs';
import rpc from 'vscode-languageserver-protocol/node';
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
const notifications = [];
connection.onUnhandledNotification(({ method, params }) => {
  notifications.push({ method, params });
  tell({ event: method, params });
});
connection.listen();

serve({
  initialize: async ({ options }) => {
    const answer = await connection.sendRequest(rpc.InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      capabilities: { window: { showDocument: { support: true }, workDoneProgress: true } },
      initializationOptions: options,
    });
    await connection.sendNotification(rpc.InitializedNotification.type, {});
    return answer;
  },
  request: ({ method, params }) => connection.sendRequest(method, params),
  command: ({ command, params }) =>
    connection.sendRequest(rpc.ExecuteCommandRequest.type, { command, arguments: [params] }),
  /** Sends a request and cancels it at once. */
  cancelled: ({ method, params }) => {
    const source = new rpc.CancellationTokenSource();
    const answer = connection.sendRequest(method, params, source.token);
    source.cancel();
    return answer;
  },
  /** Every notification so far that is not LSP's own. */
  notifications: () => notifications.filter(({ method }) => method.startsWith('codestream/')),
  /** What is not of the shape that the protocol's TypeScript types say. */
  mismatches: ({ values }) => mismatches(values),
  quit: async () => {
    await connection.sendRequest(rpc.ShutdownRequest.type);
    await connection.sendNotification(rpc.ExitNotification.type);
  },
});
tell({ event: 'ready' });

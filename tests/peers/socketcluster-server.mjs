// The stock SocketCluster server with CodeStream's `auth` and `history` calls, in front of an API:
// `node socketcluster-server.mjs <api origin> <auth key> [options of the server, as JSON]`; it listens on a free port.
//
// HTTP goes on to the API; the WebSocket is served here. A user's messages are taken over from the API's own channel
// with the token that the user presents, and kept for `history`.
import http from 'node:http';
import socketClusterServer from 'socketcluster-server';
import clientModule from 'socketcluster-client-16';
import { serve, tell } from './lines.mjs';

const [api, authKey, options = '{}'] = process.argv.slice(2);
const upstream = new URL(api);
const HISTORY_LIMIT = 100;

const server = http.createServer((request, response) => {
  const onward = http.request(
    { host: upstream.hostname, port: upstream.port, method: request.method, path: request.url, headers: request.headers },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.writeHead(502).end());
  request.pipe(onward);
});

const ag = socketClusterServer.attach(server, { authKey, ...JSON.parse(options) });
const kept = [];
const relays = new Map();

function publish(channel, message) {
  kept.push({ timestamp: Date.now(), channel, message });
  ag.exchange.transmitPublish(channel, message);
}

/** Says how many packets went out in one frame, where it is more than one. */
function watchBatches(socket) {
  const send = socket.send.bind(socket);
  socket.send = (data, ...rest) => {
    if (typeof data === 'string' && data.startsWith('[')) tell({ event: 'batch', packets: JSON.parse(data).length });
    return send(data, ...rest);
  };
}

async function relay(token, uid) {
  if (relays.has(uid)) return;
  const socket = clientModule.create({ hostname: upstream.hostname, port: Number(upstream.port), secure: false });
  relays.set(uid, socket);
  await socket.listener('connect').once();
  await socket.invoke('auth', { token, uid });
  const channel = socket.subscribe(`user-${uid}`, { waitForAuth: true });
  (async () => {
    for await (const message of channel) publish(channel.name, message);
  })();
  await channel.listener('subscribe').once();
}

(async () => {
  for await (const { socket } of ag.listener('connection')) {
    tell({ event: 'connection', id: socket.id });
    watchBatches(socket);
    (async () => {
      for await (const { code } of socket.listener('disconnect')) tell({ event: 'disconnection', id: socket.id, code });
    })();
    (async () => {
      for await (const request of socket.procedure('auth')) {
        const { token, uid } = request.data ?? {};
        try {
          await relay(token, uid);
          socket.setAuthToken({ uid });
          request.end();
          tell({ event: 'auth', uid });
        } catch (error) {
          request.error(new Error(`AuthError: ${error.message}`));
        }
      }
    })();
    (async () => {
      for await (const request of socket.procedure('history')) {
        const { channels, requestId, since } = request.data;
        const messages = kept
          .filter((row) => channels.includes(row.channel) && row.timestamp >= since)
          .reverse()
          .slice(0, HISTORY_LIMIT);
        tell({ event: 'history', since, messages: messages.length });
        request.end({ requestId, channels, messages });
      }
    })();
  }
})();

ag.setMiddleware(ag.MIDDLEWARE_INBOUND, async (stream) => {
  for await (const action of stream) {
    if (action.type === action.SUBSCRIBE && !action.socket.authToken) {
      const error = new Error('missing credentials');
      error.name = 'AuthError';
      action.block(error);
    } else {
      if (action.type === action.SUBSCRIBE) tell({ event: 'subscribed', channel: action.channel });
      action.allow();
    }
  }
});

serve({
  publish: ({ channel, messages }) => { for (const message of messages) publish(channel, message); },
  /** Stored, not pushed: what a client misses while it is away. */
  miss: ({ channel, messages }) => { for (const message of messages) kept.push({ timestamp: Date.now(), channel, message }); },
  kick: ({ uid, channel }) => {
    for (const socket of Object.values(ag.clients)) if (socket.authToken?.uid === uid) socket.kickOut(channel, 'removed');
  },
  /** From now on everything goes out in batches. */
  batch: () => { for (const socket of Object.values(ag.clients)) socket.startBatching(); },
});

server.listen(0, '127.0.0.1', () => tell({ event: 'ready', port: server.address().port }));

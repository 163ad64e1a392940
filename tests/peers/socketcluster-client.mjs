// The stock SocketCluster client: `node socketcluster-client.mjs <16|20> <host> <port>`.
import { serve, tell } from './lines.mjs';

const [version, hostname, port] = process.argv.slice(2);
const { create } = (await import(`socketcluster-client-${version}`)).default;

const sockets = new Map();

function open({ name = 'one' }) {
  const socket = create({
    hostname,
    port: Number(port),
    secure: false,
    autoConnect: true,
    autoReconnectOptions: { initialDelay: 50, randomness: 50, multiplier: 1.5, maxDelay: 500 },
  });
  sockets.set(name, socket);
  for (const event of ['connect', 'connectAbort', 'disconnect', 'close', 'authenticate', 'deauthenticate', 'subscribe', 'subscribeFail', 'kickOut', 'error']) {
    (async () => {
      for await (const data of socket.listener(event)) {
        tell({ event, socket: name, data: plain(data) });
      }
    })();
  }
  (async () => {
    for await (const { message } of socket.listener('message')) {
      if (message === '') tell({ event: 'ping', socket: name });
    }
  })();
  return socket.listener('connect').once();
}

function plain({ socket: _socket, error, ...rest } = {}) {
  return error ? { ...rest, error: { name: error.name, message: error.message } } : rest;
}

const of = ({ name = 'one' }) => sockets.get(name);

function listen(name, channel) {
  (async () => {
    for await (const data of channel) {
      tell({ event: 'message', socket: name, channel: channel.name, data });
    }
  })();
}

async function subscribe(args) {
  const channel = of(args).subscribe(args.channel);
  listen(args.name ?? 'one', channel);
  await Promise.race([
    channel.listener('subscribe').once(),
    channel.listener('subscribeFail').once().then(({ error }) => { throw error; }),
  ]);
}

serve({
  open: async (args) => {
    const { id, pingTimeout, isAuthenticated } = await open(args);
    return { id, pingTimeout, isAuthenticated };
  },
  /** Opens a socket for each of many users at once, each listening to its own channel. */
  crowd: ({ users }) =>
    Promise.all(users.map(async ({ uid, token }) => {
      await open({ name: uid });
      await of({ name: uid }).invoke('auth', { token, uid });
      await subscribe({ name: uid, channel: `user-${uid}` });
    })),
  invoke: (args) => of(args).invoke(args.event, args.data),
  transmit: (args) => of(args).transmit(args.event, args.data),
  publish: (args) => of(args).invokePublish(args.channel, args.data),
  subscribe,
  authenticated: async (args) => {
    if (of(args).authState !== 'authenticated') await of(args).listener('authenticate').once();
    return { authToken: of(args).authToken };
  },
  state: (args) => ({
    state: of(args).state,
    authState: of(args).authState,
    subscriptions: of(args).subscriptions(),
    comesBack: of(args).pendingReconnect,
  }),
  close: (args) => of(args).disconnect(),
});
tell({ event: 'ready' });

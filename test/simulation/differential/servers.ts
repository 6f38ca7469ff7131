/** A real server and a simulated one, behind the same port. */
import { connect } from '@nats-io/transport-node';
import { type PrivateServer, startPrivateServer } from '../../../src/runtime/nats/private-server.ts';
import { connectSimulated, type Line, SimulatedServer } from '../../../src/testing/nats/index.ts';
import type { Server } from './play.ts';

export type Played = Server & AsyncDisposable;
const again = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0, timeout: 2000 };

/** @param binary the program; the one that there is unless said */
export async function realServer(directory: string, binary?: string): Promise<Played> {
  const start = (port?: number): Promise<PrivateServer> =>
    startPrivateServer({ directory, ...(binary === undefined ? {} : { binary }), ...(port === undefined ? {} : { port }) });
  let server = await start();
  const connection = await connect({ servers: server.url, ...again });
  // With the last stream its directory goes, and sometimes takes the next one along.
  await connection.request('$JS.API.STREAM.CREATE.stays', JSON.stringify({ name: 'stays', subjects: ['stays'] }));
  return {
    connection,
    version: server.version,
    silentMs: 100,
    async restart() {
      const { port } = server;
      const back = reconnected(connection);
      await server.kill();
      server = await start(port);
      await back;
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server.kill();
    },
  };
}

/** In this machine's time: each thing that it does happens a turn later. */
export async function simulatedServer(version: string): Promise<Played> {
  const server = new SimulatedServer({
    version,
    clock: {
      now: () => Date.now(),
      after: (delayMs, _, run) => {
        const timer = setTimeout(run, delayMs);
        return { cancel: () => clearTimeout(timer) };
      },
    },
  });
  const connection = await connectSimulated(async () => lineTo(server), { servers: 'simulated', ...again });
  return {
    connection,
    version,
    silentMs: 60,
    async restart() {
      const back = reconnected(connection);
      server.restart();
      await back;
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
    },
  };
}

function lineTo(server: SimulatedServer): Line {
  let receive: (bytes: Uint8Array) => void = () => undefined;
  let ended: () => void = () => undefined;
  const side = server.connect({
    send: (bytes) => void setImmediate(() => receive(bytes)),
    end: () => void setImmediate(() => ended()),
  });
  return {
    send: (bytes) => void setImmediate(() => side.receive(bytes)),
    close: () => side.gone(),
    listen: (onBytes, onEnd) => {
      receive = onBytes;
      ended = onEnd;
    },
  };
}

async function reconnected(connection: Server['connection']): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return;
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type LogFields, silentLogger } from '../../../src/core/index.ts';
import { natsBus } from '../../../src/runtime/nats/bus.ts';
import { connectionOptions } from '../../../src/runtime/nats/connection-options.ts';
import { openConnection } from '../../../src/runtime/nats/open-connection.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { withServer } from '../../nats/server.ts';

const nats = withServer();
/** A way to the server that may take nothing any more, as a network that is cut: nobody is told. */
class Wire {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      this.#sockets.push(near, far);
      near
        .on('error', () => {})
        .pipe(far.on('error', () => {}))
        .pipe(near);
    }).listen(0, '127.0.0.1');
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await once(wire.#server, 'listening');
    onTestFinished(() => wire.close());
    return wire;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What is connected now is cut; new connections pass. */
  cut(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

async function openThrough(wire: Wire) {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: LogFields, message: string) => void warnings.push(message) };
  const options = await connectionOptions({ nats: wire.url }, { HOME: '/nowhere' });
  const connection = await openConnection(options!, realClock, logger);
  onTestFinished(() => connection.close());
  const bus = natsBus(connection.nats);
  const interrupted = new Promise<void>((resolve) => bus.onInterrupted(resolve));
  return { connection, bus, interrupted, warnings };
}

test.concurrent('NC4, NC5: a network that is cut is found by pings, within seconds, and the connection replaced', async () => {
  const wire = await Wire.to(nats.server.port);
  const { connection, bus, interrupted, warnings } = await openThrough(wire);
  wire.cut();
  await interrupted;
  expect(warnings[0]).toMatch(/does not answer pings/);
  await bus.flush().catch(() => bus.flush());
  expect(connection.nats.isClosed()).toBe(false);
});

test.concurrent('NC4: one that had much to send is replaced too, though the client would wait for it to be sent', async () => {
  const wire = await Wire.to(nats.server.port);
  const { connection, bus, interrupted } = await openThrough(wire);
  wire.cut();
  for (let i = 0; i < 64; i++) bus.publish('weir.nobody', new Uint8Array(1 << 20));
  await interrupted;
  await bus.flush().catch(() => bus.flush());
  expect(connection.nats.isClosed()).toBe(false);
});

test.concurrent('NC4: one that cannot be replaced ends for good', async () => {
  const wire = await Wire.to(nats.server.port);
  const { connection, bus } = await openThrough(wire);
  const internals = connection.nats as unknown as { protocol: { transport: { socket: { destroy(): void } } } };
  const { socket } = internals.protocol.transport;
  const destroy = socket.destroy.bind(socket);
  let asked = 0;
  socket.destroy = () => void (asked++ > 0 && destroy()); // as a client would that keeps it elsewhere
  wire.cut();
  for (let i = 0; i < 64; i++) bus.publish('weir.nobody', new Uint8Array(1 << 20));
  expect(await connection.closed()).toMatchObject({
    code: 'E_BROKER',
    exitCode: 3,
    message: expect.stringMatching(/^the connection to 127\.0\.0\.1:\d+ is dead, and could not be replaced$/),
  });
});

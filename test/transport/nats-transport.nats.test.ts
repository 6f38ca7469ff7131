import type { NatsConnection } from '@nats-io/transport-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Batch, batchOf, batchSchema } from '../../src/batch/index.ts';
import { silentLogger, type WeirError } from '../../src/core/index.ts';
import { natsBus } from '../../src/runtime/nats/bus.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type Bus, NatsTransport, type Window } from '../../src/transport/index.ts';
import { type ServerUse, withServer } from '../nats/server.ts';
import { channelContract, type Ends } from './channel-contract.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const id = { edge: 0, from: 0, to: 0 };

interface Pair extends Ends {
  readonly prefix: string;
  readonly clock: VirtualClock;
  readonly failures: WeirError[];
  readonly warnings: unknown[];
  /** Both ends have failed. */
  readonly failed: Promise<unknown>;
}

let made = 0;

/** A bus, and whether something was sent on it that may not have arrived. */
class BusySide {
  readonly #connection: NatsConnection;
  readonly bus: Bus;
  #flushed: Promise<void> = Promise.resolve();
  busy = false;

  /** @param before whose subscriptions the server knows before this side's flush ends */
  constructor(connection: NatsConnection, before?: NatsConnection) {
    this.#connection = connection;
    const bus = natsBus(connection);
    this.bus = {
      maxPayload: bus.maxPayload,
      publish: (...message) => this.#sent(bus.publish(...message)),
      subscribe: (...subscription) => this.#sent(bus.subscribe(...subscription)),
      flush: () => this.#flush(bus, before),
      onInterrupted: (call) => bus.onInterrupted(call),
    };
  }

  /** Resolves once the other side has had what this one sent. */
  async settle(other: BusySide): Promise<void> {
    this.busy = false;
    await this.#flushed;
    await turn(); // what it leads to
    await this.#connection.flush();
    await other.#connection.flush();
    await turn();
  }

  #flush(bus: Bus, before?: NatsConnection): Promise<void> {
    const flushed = (before?.flush() ?? Promise.resolve()).then(() => bus.flush());
    this.#flushed = flushed.catch(() => {});
    return this.#sent(flushed);
  }

  #sent<T>(result: T): T {
    this.busy = true;
    return result;
  }
}

/** The ends of one generation, on two connections. */
function pair([one, other]: readonly [NatsConnection, NatsConnection], window?: Window): Pair {
  const prefix = `weir.job-${++made}`;
  const clock = new VirtualClock();
  const failures: WeirError[] = [];
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (facts: unknown) => void warnings.push(facts) };
  const sides = [new BusySide(one), new BusySide(other, one)] as const;
  const transport = ({ bus }: BusySide): NatsTransport =>
    new NatsTransport({ bus, prefix, generation: 7, clock, logger, ...(window === undefined ? {} : { window }) });
  const [sending, receiving] = [transport(sides[0]), transport(sides[1])];
  const failed = Promise.all(
    [sending, receiving].map(
      (transport) =>
        new Promise<void>((resolve) =>
          transport.onFailed((error) => {
            failures.push(error);
            resolve();
          }),
        ),
    ),
  );
  const settle = async (): Promise<void> => {
    while (sides.some(({ busy }) => busy)) {
      if (sides[0].busy) await sides[0].settle(sides[1]);
      if (sides[1].busy) await sides[1].settle(sides[0]);
    }
  };
  return { sending, receiving, settle, prefix, clock, failures, warnings, failed };
}

async function opened(of: Pair) {
  const ends = { ...of, sender: of.sending.sender(id), receiver: of.receiving.receiver(id) };
  ends.receiver.open();
  await ends.settle();
  return ends;
}

/** Two connections while the tests of a file run. */
function twoConnections(nats: ServerUse): { both: () => [NatsConnection, NatsConnection] } {
  let other: NatsConnection;
  beforeAll(async () => {
    other = await nats.connect();
  });
  return { both: () => [nats.connection, other] };
}

describe('on a real server', () => {
  const nats = withServer();
  const { both } = twoConnections(nats);
  channelContract('NATS, on a real server', (window) => pair(both(), window));

  test('a batch of 3 MiB comes in pieces that the server takes, and is paid for once', async () => {
    const { sender, receiver, settle, failures } = await opened(pair(both(), { frames: 9, bytes: 1 << 20 }));
    const batch = wide(3 << 20);
    sender.send({ kind: 'data', batch });
    expect(sender.writable).toBe(false);
    await settle();
    const frame = receiver.take();
    if (frame?.kind !== 'data') throw new Error('data was sent');
    expect(frame.batch.length).toBe(batch.length);
    for (const i of [0, 1, batch.length - 1]) expect(frame.batch.row(i)).toEqual(batch.row(i));
    await settle();
    expect([sender.writable, failures]).toEqual([true, []]);
  });

  test('W1: garbage on an internal subject is dropped with a warning, and does no harm', async () => {
    const { sender, receiver, settle, failures, warnings, prefix } = await opened(pair(both()));
    for (const garbage of ['', 'x', 'PUB something else that is longer than a header', new Uint8Array(1 << 20)])
      nats.connection.publish(`${prefix}.7.to.0.0`, garbage);
    sender.send({ kind: 'watermark', watermark: 1 });
    await settle();
    expect([failures, warnings.length, receiver.take()]).toEqual([[], 4, { kind: 'watermark', watermark: 1 }]);
  });
});

/** About so many bytes, in rows that differ. */
function wide(bytes: number): Batch {
  const schema = batchSchema([{ name: 'text', type: { kind: 'string' }, nullable: false }]);
  const rows = Array.from({ length: bytes >> 10 }, (_, i) => ({ text: `${i} `.padEnd(1 << 10, 'x') }));
  return batchOf(schema, rows);
}

describe('channels whose server goes away', () => {
  const nats = withServer({ per: 'test' });
  const connections = (): Promise<[NatsConnection, NatsConnection]> =>
    Promise.all([
      nats.connect({ maxReconnectAttempts: -1, reconnectTimeWait: 50 }),
      nats.connect({ maxReconnectAttempts: -1, reconnectTimeWait: 50 }),
    ]);

  test('H6, NC5: the server killed and started again fails both ends, once, and another generation goes on', async () => {
    const both = await connections();
    const { sender, receiver, failed, failures } = await opened(pair(both));
    await nats.server.kill();
    await failed;
    await nats.restart();
    await Promise.all(both.map((connection) => connection.flush().catch(() => connection.flush())));
    sender.send({ kind: 'watermark', watermark: 1 });
    expect(failures).toMatchObject([
      { code: 'E_BROKER', message: expect.stringContaining('interrupted') },
      { code: 'E_BROKER', message: expect.stringContaining('interrupted') },
    ]);
    expect(receiver.pending).toBe(0);

    const next = await opened(pair(both));
    next.sender.send({ kind: 'watermark', watermark: 2 });
    await next.settle();
    expect([next.receiver.take(), next.failures]).toEqual([{ kind: 'watermark', watermark: 2 }, []]);
  });

  test('NC5: channels that were made while the server was away fail once it is back', async () => {
    const both = await connections();
    await nats.server.kill();
    await Promise.all(both.map((connection) => connection.flush().catch(() => undefined)));
    const { failed, failures, receiving, sending } = pair(both);
    sending.sender(id).send({ kind: 'end' });
    receiving.receiver(id).open();
    await nats.restart();
    await failed;
    expect(failures.map(({ code }) => code)).toEqual(['E_BROKER', 'E_BROKER']);
  });
});

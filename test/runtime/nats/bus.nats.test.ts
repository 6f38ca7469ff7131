import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { type LogFields, silentLogger } from '../../../src/core/index.ts';
import { natsBus } from '../../../src/runtime/nats/bus.ts';
import type { Bus } from '../../../src/transport/index.ts';
import { withServer } from '../../nats/server.ts';

const nats = withServer();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Watched {
  readonly bus: Bus;
  readonly errors: (LogFields & { message: string })[];
  readonly interruptions: () => number;
}
function watched(connection: NatsConnection): Watched {
  const errors: (LogFields & { message: string })[] = [];
  const bus = natsBus(connection, { ...silentLogger, error: (fields, message) => void errors.push({ ...fields, message }) });
  let count = 0;
  bus.onInterrupted(() => count++);
  return { bus, errors, interruptions: () => count };
}
/** Collects what comes. */
function heard(bus: Bus, subject: string): string[] {
  const texts: string[] = [];
  bus.subscribe(subject, (payload) => void texts.push(Buffer.from(payload).toString()));
  return texts;
}

describe('a bus on a real connection', () => {
  test('carries messages in order, to whoever subscribed, until that is closed', async () => {
    const { bus, interruptions } = watched(await nats.connect());
    const texts = heard(bus, 'a.b');
    const others = heard(bus, 'a.c');
    const late: string[] = [];
    const subscription = bus.subscribe('a.b', (payload) => void late.push(Buffer.from(payload).toString()));
    await bus.flush();
    for (let i = 0; i < 100; i++) bus.publish('a.b', bytes(String(i)));
    await bus.flush();
    subscription.close();
    bus.publish('a.b', bytes('last'));
    await bus.flush();
    expect([texts, late.length, others, interruptions()]).toEqual([
      [...Array.from({ length: 100 }, (_, i) => String(i)), 'last'],
      100,
      [],
      0,
    ]);
  });

  test('says what the server takes, and keeps its word while it is away', async () => {
    const small = await nats.another({ config: 'max_payload: 5000' });
    const { bus } = watched(await nats.connect({ servers: small.url, reconnect: false }));
    expect(bus.maxPayload).toBe(5000);
    await small.kill();
    expect(bus.maxPayload).toBe(5000);
  });

  test('NC5: a message that the client refuses is lost, and that is said', async () => {
    const { bus, errors, interruptions } = watched(nats.connection);
    bus.publish('a.b', new Uint8Array(bus.maxPayload + 1));
    expect(interruptions()).toBe(1);
    expect(errors).toMatchObject([{ subject: 'a.b', bytes: bus.maxPayload + 1, message: 'a message could not be published' }]);
  });

  test('NC5: a message whose receiver threw is lost, and the next ones come', async () => {
    const { bus, errors, interruptions } = watched(await nats.connect());
    const texts = heard(bus, 'a.b');
    bus.subscribe('a.b', () => {
      throw new Error('of the receiver');
    });
    for (const text of ['1', '2']) bus.publish('a.b', bytes(text));
    await bus.flush();
    expect([texts, interruptions()]).toEqual([['1', '2'], 2]);
    expect(errors[0]).toMatchObject({ subject: 'a.b', error: 'of the receiver' });
  });

  test('NC5: everybody hears of a loss, though another that hears of it throws', async () => {
    const { bus, errors, interruptions } = watched(await nats.connect());
    bus.onInterrupted(() => {
      throw new Error('of the first');
    });
    let heardIt = 0;
    bus.onInterrupted(() => heardIt++);
    bus.publish('a.b', new Uint8Array(bus.maxPayload + 1));
    expect([interruptions(), heardIt, errors.length]).toEqual([1, 1, 2]);
    await bus.flush();
  });

  test('NC5: what the server forbids is lost; what it forbids others on the same connection is theirs', async () => {
    const config =
      'authorization { users [{ user: u, password: u, permissions { publish: "ok.>", subscribe: ["ok.>", "_INBOX.>"] } }] }';
    const { url } = await nats.another({ config });
    const connection = await nats.connect({ servers: url, user: 'u', pass: 'u', reconnect: false });
    const { bus, errors, interruptions } = watched(connection);
    await expect(connection.request('$JS.API.INFO')).rejects.toThrow(/Permissions Violation/);
    await turn();
    expect(interruptions()).toBe(0);
    bus.publish('bad.one', bytes('x'));
    await bus.flush();
    await turn();
    expect(interruptions()).toBe(1);
    bus.subscribe('bad.two', () => {});
    await bus.flush();
    await turn();
    expect([interruptions(), errors.length]).toEqual([2, 1]);
    expect(errors[0]).toMatchObject({ error: expect.stringMatching(/Permissions Violation for Subscription to "bad\.two"/) });
  });

  test('NC5: of a connection that was closed, whoever asks hears that it is interrupted, and nothing throws', async () => {
    const connection = await nats.connect();
    const { bus, interruptions } = watched(connection);
    await connection.close();
    await turn();
    expect(interruptions()).toBe(1);
    bus.publish('a.b', bytes('x'));
    bus.subscribe('a.b', () => {}).close();
    await turn();
    expect(interruptions()).toBe(2);
    await new Promise<void>((resolve) => bus.onInterrupted(resolve));
    await expect(bus.flush()).rejects.toThrow('closed connection');
  });

  test('NC5: each break and each return is one', async () => {
    const server = await nats.another();
    const connection = await nats.connect({ servers: server.url, reconnectTimeWait: 10 });
    const { bus, interruptions } = watched(connection);
    const back = new Promise<void>((resolve) => {
      let calls = 0;
      bus.onInterrupted(() => void (++calls === 3 && resolve()));
    });
    await connection.reconnect(); // it is asked to: forced, broken, back
    await back;
    expect(interruptions()).toBe(3);
  });
});

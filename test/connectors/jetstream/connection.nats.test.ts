import { afterEach, describe, expect, test } from 'vitest';
import {
  natsConnection,
  type NatsOptions,
  provideNats,
  type SharedConnection,
} from '../../../src/connectors/jetstream/connection.ts';
import { isSubjectFilter, subjectToken } from '../../../src/connectors/jetstream/subject.ts';
import { withServer } from '../../nats/server.ts';
import { until } from '../connector-fixture.ts';

describe('connections to NATS', () => {
  const nats = withServer({ per: 'test' });
  const shared: SharedConnection[] = [];
  const connection = async (servers: string = nats.server.url): Promise<SharedConnection> => {
    const one = await natsConnection({ servers });
    shared.push(one);
    return one;
  };
  afterEach(() => Promise.all(shared.splice(0).map((one) => one.close())));

  test('JC1: one serves all who mean the same server, and is closed with the last of them', async () => {
    const [a, b] = await Promise.all([connection(), connection()]);
    expect(a.connection).toBe(b.connection);
    await a.close();
    await a.close();
    expect(b.connection.isClosed()).toBe(false);
    await b.close();
    expect(b.connection.isClosed()).toBe(true);
    const c = await connection();
    expect(c.connection).not.toBe(b.connection);
    expect(c.connection.isClosed()).toBe(false);
    expect((await connection((await nats.another()).url)).connection).not.toBe(c.connection);
  });

  test('a server that goes and comes is connected to again, and the watch says so', async () => {
    const { watch, connection: its } = await connection();
    let changes = 0;
    watch.onChange(() => changes++);
    expect(watch.connected).toBe(true);
    await nats.server.kill();
    await until(() => !watch.connected);
    await nats.restart();
    await until(() => watch.connected);
    await its.flush();
    expect(changes).toBe(2);
  });

  test('no server, or one that refuses the credentials, is E_BROKER without a password in it', async () => {
    await nats.server.kill();
    const { port } = nats.server;
    await expect(connection(`nats://me:geheim@127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringMatching(new RegExp(`^NATS at 127.0.0.1:${port} does not answer: (?!.*geheim)`)),
    });
    const guarded = await nats.another({ config: 'authorization { users: [{ user: me, password: geheim }] }' });
    const refused = connection(`nats://me:falsch@127.0.0.1:${guarded.port}`);
    await expect(refused).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringMatching(/refuses these credentials(?!.*falsch)/),
    });
    await expect(natsConnection({ servers: guarded.url, credentials: '/nowhere.creds' })).rejects.toMatchObject({
      code: 'E_BROKER',
      message: expect.stringContaining('/nowhere.creds'),
    });
    await connection(`nats://me:geheim@127.0.0.1:${guarded.port}`);
  });

  test('whoever provides connections opens them, once for the same options', async () => {
    const asked: NatsOptions[] = [];
    const before = provideNats(async (options) => {
      asked.push(options);
      return { connection: await nats.connect(), jetstream: { domain: 'x' }, inboxPrefix: 'mine' };
    });
    try {
      const its = [await natsConnection(), await natsConnection({})];
      shared.push(...its);
      expect(its[0]!.jetstream).toEqual({ domain: 'x' });
      expect(its[1]!.inbox()).toMatch(/^mine\./);
      expect(asked).toEqual([{}]);
    } finally {
      provideNats(before);
    }
  });
});

test('a token of a subject is one, whatever a row holds', () => {
  expect(subjectToken('device-7_a')).toBe('device-7_a');
  for (const text of ['', 'a.b', '*', '>', 'a b', 'a\r\nPUB x', '$JS', 'ü'])
    expect(() => subjectToken(text)).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
});

test('a filter of subjects has tokens, and wildcards where NATS has them', () => {
  for (const text of ['a', 'a.b-c.1', 'a.*.c', '*', 'a.>', '>', 'ü.$x'])
    expect([text, isSubjectFilter(text)]).toEqual([text, true]);
  for (const text of ['', '.a', 'a..b', 'a.', '>.a', 'a*', 'a b', 'a\n', 'a.b>'])
    expect([text, isSubjectFilter(text)]).toEqual([text, false]);
});

// What jetstream.source does not take: options, streams, servers and users.
import { describe, expect, test } from 'vitest';
import { schema, t } from '../../../src/api/index.ts';
import { csv, json, jetstream as connector, msgpack } from '../../../src/connectors/index.ts';
import { packValue } from '../../../src/batch/index.ts';
import { messageSource } from '../../../src/connectors/jetstream/source.ts';
import { withServer } from '../../nats/server.ts';
import { sourceContext } from '../connector-fixture.ts';
import { numbers, readOn, realContext, rowsIn, TestStream } from './stream-fixture.ts';

const Row = schema({ n: t.int });
const refusal = (code: string, words: string | RegExp) => ({
  code,
  message: typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words),
});

describe('options of jetstream.source', () => {
  const make = (options: object) => () => connector.source({ stream: 'S', format: json(), ...options } as never);
  test('that do not go together are E_PLAN', () => {
    const refused: [object, string][] = [
      [{ stream: '' }, 'no name of a stream'],
      [{ stream: 'a.b' }, 'no name of a stream'],
      [{ stream: undefined }, 'no name of a stream'],
      [{ format: undefined }, 'not a format'],
      [{ perMessage: 'two' }, "'two'"],
      [{ perMessage: 'lines', format: msgpack(Row) }, 'msgpack'],
      [{ format: csv(Row, { header: true }) }, 'header'],
      [{ subjects: ['a..b'] }, "'a..b'"],
      [{ subjects: ['a.>', 'b', 'a.*'] }, 'a.* would be read twice, since a.>'],
      [{ columns: ['subjects'] }, "'subjects'"],
      [{ columns: ['time', 'time'] }, "'time'"],
      [{ columns: ['time'], format: json(schema({ time: t.timestamp })) }, "a column 'time' already"],
      [{ from: 'last' }, 'no place to begin'],
      [{ from: { sequence: 0 } }, 'no place to begin'],
    ];
    for (const [options, words] of refused) expect(make(options)).toThrow(expect.objectContaining(refusal('E_PLAN', words)));
    make({ subjects: ['a.*.c', 'a.*', 'b', 'a.b.d.>'], from: { sequence: 1 } })();
  });

  test('are in its identity as far as they decide what is read', () => {
    const identity = (options: object) => messageSource({ stream: 'S', format: json() as never, ...options }).identity;
    expect(identity({ from: 'new', servers: 'x' })).toBe(identity({}));
    const others = [{}, { stream: 'T' }, { subjects: ['a'] }, { perMessage: 'lines' }, { format: csv(Row) as never }].map(
      identity,
    );
    expect(new Set(others).size).toBe(others.length);
  });
});

describe('streams that jetstream.source does not read', () => {
  const nats = withServer();
  const splits = (stream: string, server = nats.server.url) =>
    messageSource({ servers: server, stream, format: json() as never }).splits(sourceContext());

  test('are not there', async () => {
    await expect(splits('NONE')).rejects.toMatchObject({
      ...refusal('E_SOURCE', 'stream NONE does not exist'),
      retry: 'never',
      hint: expect.stringContaining('nats stream add'),
    });
  });

  test('remove messages by themselves: the setting is named', async () => {
    const refused = [
      [{ retention: 'workqueue' }, 'retention: workqueue'],
      [{ retention: 'interest' }, 'retention: interest'],
      [{ max_msgs_per_subject: 3 }, 'max_msgs_per_subject: 3'],
    ] as const;
    for (const [i, [config, words]] of refused.entries()) {
      await TestStream.make(nats, `W${i}`, config);
      await expect(splits(`W${i}`)).rejects.toMatchObject({ ...refusal('E_SOURCE', words), retry: 'never' });
    }
    await TestStream.make(nats, 'KEEPS', { max_msgs_per_subject: 1, discard: 'new', discard_new_per_subject: true });
    expect(await splits('KEEPS')).toEqual(['KEEPS']);
  });

  test('have no such subject', async () => {
    const stream = await TestStream.make(nats, 'OTHER');
    const asked = stream.source({ subjects: ['OTHER.a', 'elsewhere.>'] }).splits(sourceContext());
    await expect(asked).rejects.toMatchObject({
      ...refusal('E_SOURCE', "stream OTHER takes no message of 'elsewhere.>'; it takes OTHER.>"),
      retry: 'never',
    });
  });

  test('are on a server without JetStream, or in an account without', async () => {
    const config = `accounts { A { users: [{ user: a, password: a }] }, B { jetstream: enabled, users: [{ user: b, password: b }] } }`;
    const { port } = await nats.another({ config });
    await expect(splits('S', `nats://a:a@127.0.0.1:${port}`)).rejects.toMatchObject({
      ...refusal('E_BROKER', 'stream S'),
      hint: expect.stringContaining('JetStream'),
    });
    await expect(splits('S', `nats://b:b@127.0.0.1:${port}`)).rejects.toMatchObject(refusal('E_SOURCE', 'does not exist'));
  });

  test('the user may not ask about, or pull from: the subject is named', async () => {
    const allow = (...subjects: string[]) =>
      `permissions: { publish: [${subjects.map((subject) => `"${subject}"`).join(', ')}], subscribe: "_INBOX.>" }`;
    const api = ['$JS.API.STREAM.INFO.S', '$JS.API.STREAM.MSG.GET.S', '$JS.API.CONSUMER.CREATE.S.>'];
    const config = `authorization { users: [
      { user: all, password: x }
      { user: none, password: x, ${allow('x')} }
      { user: nopull, password: x, ${allow(...api)} }
      { user: just, password: x, ${allow(...api, '$JS.API.CONSUMER.MSG.NEXT.S.>', '$JS.API.CONSUMER.DELETE.S.>')} }
    ] }`;
    const server = await nats.another({ config });
    const as = (user: string) => `nats://${user}:x@127.0.0.1:${server.port}`;
    const admin = await nats.connect({ servers: server.url, user: 'all', pass: 'x' });
    const stream = await TestStream.make({ connection: admin, server }, 'S');
    await stream.publish(numbers(3));
    await expect(splits('S', as('none'))).rejects.toMatchObject({
      ...refusal('E_BROKER', 'publish to $JS.API.STREAM.INFO.S'),
      retry: 'never',
      hint: expect.stringContaining('CONSUMER.CREATE'),
    });
    const read = async (user: string) => rowsIn((await readOn(stream.source({ servers: as(user), until: 'end' }), 'S')).all);
    expect(await read('just')).toEqual(numbers(3));
    await expect(read('nopull')).rejects.toMatchObject({
      ...refusal('E_BROKER', 'publish to $JS.API.CONSUMER.MSG.NEXT.S.weir-test-'),
      retry: 'never',
    });
  });
});

describe('bodies of jetstream.source', () => {
  const nats = withServer();
  test('may be msgpack: a message says where a record ends', async () => {
    const stream = await TestStream.make(nats, 'PACKED');
    await stream.publish([packValue({ n: 1 }), packValue({ n: 10 }), new Uint8Array([0xc1])]);
    const { all } = await readOn(
      stream.source({ format: msgpack(Row) as never, until: 'end' }),
      'PACKED',
      undefined,
      realContext(),
    );
    expect(rowsIn(all)).toEqual([{ n: 1 }, { n: 10 }, undefined]);
    expect(all[2]?.dead).toBeDefined();
  });
});

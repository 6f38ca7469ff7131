// What jetstream.sink does not take: options, streams and rows.
import { DiscardPolicy, RetentionPolicy, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { bytes, csv, json, text } from '../../../src/connectors/index.ts';
import { jetstreamSink } from '../../../src/connectors/jetstream/sink.ts';
import type { SinkDefinition } from '../../../src/operators/index.ts';
import { schema, t } from '../../../src/index.ts';
import { withServer } from '../../nats/server.ts';
import { batch, sinkContext } from '../connector-fixture.ts';
import { commit, OutputStream, range, staged } from './sink-fixture.ts';

const never = (message: RegExp, hint: RegExp = /./): object => ({
  code: 'E_SINK',
  retry: 'never',
  message: expect.stringMatching(message),
  hint: expect.stringMatching(hint),
});

test('options that do not go together are errors of the plan', () => {
  const bad: object[] = [
    { stream: 'A B', subject: 'a' },
    { subject: 'a' },
    { stream: 'A', subject: 'a.*' },
    { stream: 'A', subject: 'a..b' },
    { stream: 'A' },
    { stream: 'A', subject: 'a', fence: 'f.>' },
    { stream: 'A', subject: 'a', perMessage: 'many' },
    { stream: 'A', subject: 'a', guarantee: 'at-most-once' },
    { stream: 'A', subject: 'a', format: csv(schema({ a: t.string }), { header: true }) },
  ];
  for (const options of bad) expect(() => jetstreamSink(options as never)).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
});

describe('a stream', () => {
  const nats = withServer();

  const opening = async (
    name: string,
    config: Partial<StreamConfig> | null,
    options: Parameters<OutputStream['sink']>[0] = {},
  ): Promise<unknown> => {
    const out = await OutputStream.make(nats, name, config);
    const writer = await out.sink(options).open(sinkContext(), []);
    await writer.close?.();
    return undefined;
  };

  test('that is not there is named; with `create` it is made', async () => {
    await expect(opening('MISSING', null)).rejects.toMatchObject(never(/^stream MISSING does not exist$/, /create/));
    const out = await OutputStream.make(nats, 'MADE', null);
    const writer = await out.writer({}, [], { create: { subjects: ['MADE.a'] } });
    await commit(writer, await staged(writer, 1, range(2)));
    const { config } = await (await out.manager()).streams.info('MADE');
    expect(config.subjects).toEqual(['MADE.a', 'MADE.weir-fence']);
    expect(await out.numbers()).toEqual(range(2));
  });

  test('whose limits can delete the proof is refused, unless the risk is accepted', async () => {
    const day = 86_400e9;
    await expect(opening('AGE', { max_age: day })).rejects.toMatchObject(never(/max_age: 86400 s: .* proof/, /acceptRisk/));
    await expect(opening('MSGS', { max_msgs: 10 })).rejects.toMatchObject(never(/max_msgs: 10 with discard: old/, /acceptRisk/));
    await expect(opening('BYTES', { max_bytes: 1 << 20 })).rejects.toMatchObject(never(/max_bytes: 1048576/));
    const [work, interest] = [RetentionPolicy.Workqueue, RetentionPolicy.Interest];
    await expect(opening('WORK', { retention: work })).rejects.toMatchObject(never(/retention: workqueue/));
    await expect(opening('INTEREST', { retention: interest })).rejects.toMatchObject(never(/retention: interest/));
    await opening('NEW', { max_msgs: 10, discard: DiscardPolicy.New });
    await opening('AGE', null, { acceptRisk: true });
    await opening('AGE', null, { guarantee: 'at-least-once' });
  });

  test('that does not say what it has stored, or mirrors another, cannot be written', async () => {
    await expect(opening('NOACK', { no_ack: true })).rejects.toMatchObject(never(/no_ack/));
    await opening('ORIGIN', {});
    const mirror = { subjects: undefined as never, mirror: { name: 'ORIGIN' } };
    await expect(opening('MIRROR', mirror)).rejects.toMatchObject(never(/mirrors stream ORIGIN/));
    await expect(opening('JOINED', { sources: [{ name: 'ORIGIN' }] })).rejects.toMatchObject(never(/has sources/));
  });

  test('without a subject for fences is told which to add', async () => {
    const lacking = never(/'LITERAL.weir-fence' is none of LITERAL.a$/, /--subjects 'LITERAL.a,LITERAL.weir-fence'/);
    await expect(opening('LITERAL', { subjects: ['LITERAL.a'] })).rejects.toMatchObject(lacking);
    await expect(opening('LITERAL', null, { fence: 'elsewhere' })).rejects.toMatchObject(never(/'elsewhere' is none of/));
    await opening('LITERAL', null, { fence: 'LITERAL.a' });
    await opening('STAR', { subjects: ['STAR.*'] });
  });

  test('that is full is waited for', async () => {
    const out = await OutputStream.make(nats, 'FULL', { max_msgs: 5, discard: DiscardPolicy.New });
    let said = '';
    const writer = await out.writer({ logger: { debug() {}, error() {}, info() {}, warn: (_, text) => void (said = text) } });
    const committed = commit(writer, await staged(writer, 1, range(10)));
    while (said === '') await new Promise((resolve) => setImmediate(resolve));
    expect(said).toMatch(/stream FULL cannot be written: .*maximum messages/);
    const manager = await out.manager();
    const { config } = await manager.streams.info('FULL');
    await manager.streams.update('FULL', { ...config, max_msgs: 100 });
    await committed;
    expect(await out.numbers()).toEqual(range(10));
  });

  test('takes a row only to a subject that is its own, with letters, digits, - and _', async () => {
    const out = await OutputStream.make(nats, 'SUBJECTS');
    const writer = await out.writer({}, [], { subject: (row: { to?: unknown }) => row.to as string } as never);
    for (const to of [
      'a b',
      'SUBJECTS.*',
      'SUBJECTS.>',
      '',
      'SUBJECTS.',
      'SUBJECTS.a\r\nPUB x',
      'SUBJECTS.$x',
      7,
      undefined,
      'else.a',
    ])
      expect(() => writer.write(batch({ to }))).toThrow(
        expect.objectContaining({ code: 'E_VALUE', message: expect.stringMatching(/; the row is/) }),
      );
    await writer.write(batch({ to: 'SUBJECTS.d-1.x_2' }));
    const thrower = await out.writer({}, [], {
      subject: () => {
        throw new Error('no');
      },
    }); // prettier-ignore
    expect(() => thrower.write(batch({ n: 1 }))).toThrow(expect.objectContaining({ code: 'E_CLOSURE' }));
  });

  test('takes a row as long as a message may be, and not longer', async () => {
    const out = await OutputStream.make(nats, 'LONG', { max_msg_size: 10_000 });
    const writer = await out.writer({}, [], { format: bytes() as never });
    const size = 10_000 - 600;
    await writer.write(batch({ value: new Uint8Array(size) }));
    expect(() => writer.write(batch({ value: new Uint8Array(10_000) }))).toThrow(
      expect.objectContaining({ code: 'E_VALUE', message: expect.stringMatching(/of 10000 bytes is longer than/) }),
    );
    await commit(writer, { epoch: 1, staged: await writer.stage(1 as never, false), state: [] });
    expect((await out.rows())[0]!.body.length).toBe(size);
  });

  test('packs lines of one subject into messages, each as long as it may be', async () => {
    const out = await OutputStream.make(nats, 'LINES', { max_msg_size: 2000 });
    const options = { perMessage: 'lines', subject: ({ n }: { n: number }) => `LINES.${n % 2}` } as const;
    const writer = await out.writer({}, [], options);
    await commit(writer, await staged(writer, 1, range(500)));
    const rows = await out.rows();
    expect(rows.length).toBeLessThan(20);
    for (const odd of [0, 1]) {
      const lines = rows.filter(({ subject }) => subject === `LINES.${odd}`).flatMap(({ body }) => body.split('\n'));
      expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(range(500).filter((n) => n % 2 === odd));
    }
    const lineBreak = await out.writer({ incarnation: 'x' }, [], {
      perMessage: 'lines',
      subject: 'LINES.t',
      format: text() as never,
    });
    expect(() => lineBreak.write(batch({ value: 'a\nb' }))).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
  });

  test('of a server without JetStream, or of none, says what to start', async () => {
    const sink = jetstreamSink({
      servers: 'nats://127.0.0.1:1',
      stream: 'A',
      subject: 'a',
      format: json(),
    }) as unknown as SinkDefinition;
    await expect(sink.open(sinkContext(), [])).rejects.toMatchObject({
      code: 'E_BROKER',
      hint: expect.stringMatching(/start the server/),
    });
  });
});

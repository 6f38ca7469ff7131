// jetstream.source against a real server: what it reads, and what it refuses to read.
import { headers } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { schema, t } from '../../../src/api/index.ts';
import { csv, json, text } from '../../../src/connectors/index.ts';
import { withServer } from '../../nats/server.ts';
import { outcomes, readPieces } from '../connector-fixture.ts';
import { sourceContract } from '../source-contract.ts';
import { numbers, readOn, realContext, rowsIn, TestStream } from './stream-fixture.ts';

const Row = schema({ n: t.int });
const untilEnd = { until: 'end' } as const;

describe('jetstream.source', () => {
  const nats = withServer();
  let count = 0;
  const make = (config = {}) => TestStream.make(nats, `S${++count}`, config);
  const one = { format: json(Row) as never };

  describe('keeps the contract of sources, a message a record', () => {
    sourceContract(
      async () => {
        const stream = await make();
        await stream.publish(['{"n":0}', '{"n":1}', '{"n":"x"}', '', '{"n":2}', 'broken', '{"n":3}']);
        const found = [{ n: 0 }, { n: 1 }, { dead: '{"n":"x"}' }, { dead: '' }, { n: 2 }, { dead: 'broken' }, { n: 3 }];
        return { source: stream.source({ ...one }), endless: true, splits: { [stream.name]: found } };
      },
      () => ({ clock: realContext().clock }),
    );
  });

  describe('keeps the contract of sources, a record a line, each filter a split', () => {
    sourceContract(
      async () => {
        const stream = await make();
        await stream.publish(['{"n":0}\n{"n":1}\r\n\n{"n":2}\n', '\n', '{"n":3}', '', '{"n":4}\n{"n"\n{"n":5}'], 'a.x');
        await stream.publish(['{"n":6}\n{"n":7}'], 'b');
        await stream.publish(['{"n":8}'], 'a.y');
        const splits = {
          [`${stream.name}.a.*`]: [0, 1, 2, 3, 4, -1, 5, 8].map((n) => (n < 0 ? { dead: '{"n"' } : { n })),
          [`${stream.name}.b`]: [{ n: 6 }, { n: 7 }],
        };
        const source = stream.source({ ...one, ...untilEnd, perMessage: 'lines', subjects: Object.keys(splits) });
        return { source, splits };
      },
      () => ({ clock: realContext().clock }),
    );
  });

  test('reads only the columns that are wanted, of the format and of the message', async () => {
    const stream = await make();
    const bodies = ['{"n":1,"text":"a"}', '{"n":2,"text":3}', '{"text":"c","n":3}'];
    await stream.publish(bodies);
    const format = json(schema({ n: t.int, text: t.string })) as never;
    const whole = stream.source({ format, ...untilEnd, columns: ['sequence', 'subject'] });
    const rows = async (of: typeof whole) => {
      const pieces = await readPieces(of, stream.name, realContext());
      return pieces.flatMap(({ piece }) => outcomes(piece).flatMap(({ row }) => row ?? []));
    };
    const subject = `${stream.name}.a`;
    expect(await rows(whole)).toEqual([
      { n: 1, text: 'a', sequence: 1, subject },
      { n: 3, text: 'c', sequence: 3, subject },
    ]);
    expect(await rows(whole.project!([['text'], ['sequence']]))).toEqual([
      { text: 'a', sequence: 1 },
      { text: 'c', sequence: 3 },
    ]);
    expect(await rows(whole.project!([['subject']]))).toEqual([{ subject }, { subject }]);
    expect(await rows(stream.source({ format, ...untilEnd, perMessage: 'lines' }).project!([['n']]))).toEqual([
      { n: 1 },
      { n: 3 },
    ]);
    const large = whole.filter!([
      { column: 'n', is: 'gt', value: 1 },
      { column: 'sequence', is: 'lt', value: 2 }, // not of the format: let through
    ]);
    expect(await rows(large)).toEqual([{ n: 3, text: 'c', sequence: 3, subject }]);
  });

  test('names a dead record by stream, sequence and line', async () => {
    const stream = await make();
    await stream.publish(['{"n":1}', '{"n":1}\n\n{"n":"x"}']);
    const reasons = async (options: object) => {
      const pieces = await readPieces(stream.source({ ...one, ...untilEnd, ...options }), stream.name, realContext());
      return pieces.flatMap(({ piece }) => piece.dead.map(({ error }) => error));
    };
    expect(await reasons({})).toEqual([expect.stringMatching(new RegExp(`^${stream.name}:2: .*not JSON`))]);
    expect(await reasons({ perMessage: 'lines' })).toEqual([expect.stringMatching(new RegExp(`^${stream.name}:2, line 3: `))]);
  });

  test('gives what a message knows as columns', async () => {
    const stream = await make();
    const its = headers();
    its.append('Kind', 'new');
    its.append('Tag', 'a');
    its.append('Tag', 'b');
    const before = Date.now();
    await stream.publish(['first'], 'a.1', its);
    await stream.publish(['second'], 'b');
    const columns = ['subject', 'sequence', 'time', 'headers'] as const;
    const source = stream.source({ format: text() as never, columns, ...untilEnd });
    expect(source.schema).toMatchObject({
      fields: [{ name: 'value' }, { name: 'subject' }, { name: 'sequence' }, { name: 'time' }, { name: 'headers' }],
    });
    const { all } = await readOn(source, stream.name);
    const time = expect.any(Number);
    expect(rowsIn(all)).toEqual([
      { value: 'first', subject: `${stream.name}.a.1`, sequence: 1, time, headers: { Kind: 'new', Tag: 'a, b' } },
      { value: 'second', subject: `${stream.name}.b`, sequence: 2, time, headers: {} },
    ]);
    const { time: at } = all[0]!.row as { time: number };
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    // Without a schema they are in the row as well.
    const whole = await readOn(
      stream.source({ format: csv(schema({ v: t.string })) as never, columns: ['sequence'], ...untilEnd }),
      stream.name,
    );
    expect(rowsIn(whole.all)).toEqual([
      { v: 'first', sequence: 1 },
      { v: 'second', sequence: 2 },
    ]);
  });

  test("begins at the stream's begin, at what comes from now on, or with a message", async () => {
    const stream = await make();
    await stream.publish(numbers(5));
    const begins = async (from: object | string) =>
      rowsIn((await readOn(stream.source({ ...untilEnd, from: from as never }), stream.name)).all);
    expect(await begins('first')).toEqual(numbers(5));
    expect(await begins({ sequence: 4 })).toEqual(numbers(2, 3));
    expect(await begins('new')).toEqual([]);
    await expect(begins({ sequence: 7 })).rejects.toMatchObject({
      code: 'E_SOURCE',
      message: expect.stringContaining('holds 1 to 5'),
    });
    await (await stream.manager()).streams.purge(stream.name, { seq: 3 });
    expect(await begins('first')).toEqual(numbers(3, 2));
    await expect(begins({ sequence: 2 })).rejects.toMatchObject({ code: 'E_SOURCE', retry: 'never' });
  });

  test("'new' is pinned by the first piece, before there is a message", async () => {
    const stream = await make();
    await stream.publish(numbers(5));
    const source = stream.source({ ...untilEnd, from: 'new' });
    const { last, all } = await readOn(source, stream.name);
    expect(all).toEqual([]);
    await stream.publish(numbers(3, 5));
    expect(rowsIn((await readOn(source, stream.name, last)).all)).toEqual(numbers(3, 5));
  });

  test('a read that waits ends with the signal, at once, and so does opening', async () => {
    const stream = await make();
    const controller = new AbortController();
    const reader = await stream.source().open(stream.name, undefined, 0, realContext({ signal: controller.signal }));
    expect((await reader.read())?.records).toBe(0);
    const waiting = reader.read();
    const reason = new Error('closing');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await reader.close();
    const late = stream.source().open(stream.name, undefined, 0, realContext({ signal: controller.signal }));
    await expect(late).rejects.toBe(reason);
    expect((await (await stream.manager()).streams.info(stream.name)).state.consumer_count).toBe(0);
  });

  test('waits for messages, and gives them as they come', async () => {
    const stream = await make();
    const reader = await stream.source().open(stream.name, undefined, 0, realContext());
    await reader.read();
    for (let n = 0; n < 3; n++) {
      const next = reader.read();
      await stream.publish([{ n }]);
      expect(rowsIn(outcomes((await next)!))).toEqual([{ n }]);
    }
    await reader.close();
  });

  test('messages of 64 KiB, and ones larger than what is asked for at once', async () => {
    const stream = await make();
    const large = Array.from({ length: 200 }, (_, n) => `${n} ${'x'.repeat(64 << 10)}`);
    await stream.publish(large);
    await stream.publish([`200 ${'y'.repeat(1_000_000)}`, '201 ']);
    const source = stream.source({ format: text() as never, ...untilEnd });
    const { all } = await readOn(source, stream.name);
    expect(all.map(({ row }) => Number((row as { value: string }).value.split(' ')[0]))).toEqual(
      Array.from({ length: 202 }, (_, n) => n),
    );
  });
});

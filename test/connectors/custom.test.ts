import { describe, expect, test } from 'vitest';
import { schema, sinkDefinition, sourceDefinition, t, timestamp } from '../../src/api/index.ts';
import { defineSink, defineSource, foreachBatch } from '../../src/connectors/index.ts';
import { batch, epochs, kept, permit, readPieces, readRows, rowsOf, sinkContext, sourceContext } from './connector-fixture.ts';

const fails = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('defineSource', () => {
  const counting = (asked: (number | undefined)[] = []) =>
    sourceDefinition(
      defineSource({
        name: 'counting',
        position: t.int,
        async *read(_split, from) {
          asked.push(from);
          for (let page = from ?? 0; page < 3; page++)
            yield {
              rows: [
                { page, n: 0 },
                { page, n: 1 },
                { page, n: 2 },
              ],
              position: page + 1,
            };
        },
      }),
    );

  test('without splits has one, and without a schema keeps rows as they are', async () => {
    expect(await counting().splits(sourceContext())).toEqual(['0']);
    expect(counting()).toMatchObject({ name: 'counting', guarantee: 'exactly-once', schema: { kind: 'any' } });
    expect((await readRows(counting())).length).toBe(9);
  });

  test('asks to read on from what it was given last, and leaves out what it had of the next', async () => {
    const asked: (number | undefined)[] = [];
    const source = counting(asked);
    const pieces = await readPieces(source, '0', sourceContext({ batchRowsMax: 2 }));
    const inside = pieces[2]!;
    expect(inside.records).toBe(5);
    const rest = await readPieces(source, '0', sourceContext(), inside);
    expect(asked).toEqual([undefined, 1]);
    expect(rest.flatMap(({ piece }) => rowsOf(piece.batch))[0]).toEqual({ page: 1, n: 2 });
  });

  test('says how far it reaches now, and is told to end there', async () => {
    const given: unknown[] = [];
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.timestamp,
        end: async (split) => timestamp(split === '0' ? 5 : 7),
        async *read(_split, from, { until }) {
          given.push(from, until);
          yield { rows: [], position: timestamp(9) };
        },
      }),
    );
    const until = kept(await source.endNow!('0', sourceContext()));
    await readPieces(source, '0', { ...sourceContext(), until });
    await readPieces(source, '0', sourceContext());
    expect(given).toEqual([undefined, 5, undefined, undefined]);
    expect(counting().endNow).toBeUndefined();
  });

  test('says a watermark behind the rows that it yields with it, once, wherever reading goes on', async () => {
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        async *read(_split, from = 0) {
          if (from === 0) yield { rows: [{ n: 1 }, { n: 2 }, { n: 3 }], position: 1, watermark: 70 };
          yield { rows: [], position: 2, watermark: 90 };
        },
      }),
    );
    const pieces = await readPieces(source, '0', sourceContext({ batchRowsMax: 2 }));
    expect(pieces.map(({ piece }) => [piece.records, piece.watermark])).toEqual([
      [2, undefined],
      [1, 70],
      [0, 90],
    ]);
    const rest = await readPieces(source, '0', sourceContext(), pieces[0]!);
    expect(rest.map(({ piece }) => [piece.records, piece.watermark])).toEqual([
      [1, 70],
      [0, 90],
    ]);
  });

  test('that gives fewer rows from the same position has changed', async () => {
    let rows = [{ n: 1 }, { n: 2 }];
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        async *read(_split, from = 0) {
          if (from === 0) yield { rows, position: 1 };
        },
      }),
    );
    const [first] = await readPieces(source, '0', sourceContext({ batchRowsMax: 1 }));
    rows = [];
    await expect(readPieces(source, '0', sourceContext(), first)).rejects.toThrow(fails('E_SOURCE_CHANGED', /1 rows fewer/));
  });

  test('takes rows as they come from outside, and as the schema gives them', async () => {
    const Row = schema({ at: t.timestamp, day: t.timestampOf('yyyy-MM-dd').nullable() });
    const rows = [
      { at: '1970-01-01T00:00:01Z', day: null },
      { at: 2000, day: '1970-01-02' },
      { at: 3000, day: 86_400_000 },
    ] as never[];
    const source = sourceDefinition(
      defineSource({
        name: 'times',
        schema: Row,
        position: t.int,
        async *read() {
          yield { rows, position: 1 };
        },
      }),
    );
    expect(await readRows(source)).toEqual([
      { at: 1000, day: null },
      { at: 2000, day: 86_400_000 },
      { at: 3000, day: 86_400_000 },
    ]);
  });

  test('its failure is an error of the source, with its name; what it threw as a WeirError stays that', async () => {
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        async *read(): AsyncGenerator<{ rows: object[]; position: number }> {
          yield { rows: [], position: 1 };
          throw new Error('502');
        },
      }),
    );
    await expect(readRows(source)).rejects.toThrow(fails('E_SOURCE', /source api, split 0: 502/));
  });

  test('a position that its field cannot hold, and one of another field, are refused', async () => {
    const wrong = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        async *read() {
          yield { rows: [{ n: 1 }], position: 'x' as never };
        },
      }),
    );
    await expect(readRows(wrong)).rejects.toThrow(fails('E_VALUE', /source api: position/));
    const [first] = await readPieces(counting(), '0', sourceContext());
    const other = sourceDefinition(defineSource({ name: 'counting', position: t.string, async *read() {} }));
    await expect(readPieces(other, '0', sourceContext(), first)).rejects.toThrow(
      fails('E_STATE_INCOMPATIBLE', /was int64, is string/),
    );
  });

  test('is told its splits and what may be released, in its own positions', async () => {
    const released: [string, number][] = [];
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        splits: async ({ signal }) => [String(signal.aborted)],
        async *read() {
          yield { rows: [{ n: 1 }, { n: 2 }], position: 5 };
        },
        release: async (split, before) => void released.push([split, before]),
      }),
    );
    expect(await source.splits(sourceContext())).toEqual(['false']);
    const [inside, end] = await readPieces(source, '0', sourceContext({ batchRowsMax: 1 }));
    await source.release!('0', kept(inside!.piece.position), sourceContext());
    await source.release!('0', kept(end!.piece.position), sourceContext());
    expect(released).toEqual([['0', 5]]);
  });

  test('a generator that waits for ever does not hold up the end of the job', async () => {
    let ended = false;
    const source = sourceDefinition(
      defineSource({
        name: 'api',
        position: t.int,
        async *read() {
          try {
            yield { rows: [{ n: 1 }], position: 1 };
            await new Promise(() => {});
          } finally {
            ended = true;
          }
        },
      }),
    );
    const controller = new AbortController();
    const reader = await source.open('0', undefined, 0, sourceContext({ signal: controller.signal }));
    await reader.read();
    const waiting = reader.read();
    controller.abort(new Error('closing'));
    await expect(waiting).rejects.toThrow('closing');
    await reader.close();
    expect(ended).toBe(false);
    const between = await source.open('0', undefined, 0, sourceContext());
    await between.read();
    await between.close();
    expect(ended).toBe(true);
  });

  test('needs a name', () => {
    expect(() => defineSource({ name: '', position: t.int, async *read() {} })).toThrow(fails('E_PLAN', /name/));
    expect(() =>
      defineSink({
        name: '',
        guarantee: 'exactly-once',
        staged: t.any(),
        open: async () => {
          throw new Error('never');
        },
      }),
    ).toThrow(fails('E_PLAN', /name/));
  });
});

describe('defineSink', () => {
  test('is given rows, and back what it staged, through its field', async () => {
    const calls: unknown[] = [];
    const sink = sinkDefinition(
      defineSink<{ n: number }, { at: number; names: readonly string[] }, 'append' | 'update'>({
        name: 'mine',
        guarantee: 'at-least-once',
        modes: ['append', 'update'],
        staged: t.struct({ at: t.timestamp, names: t.list(t.string) }) as never,
        async open(context) {
          calls.push(Object.keys(context));
          return {
            write: (rows) => void calls.push(rows),
            stage: (epoch) => ({ at: epoch, names: ['a'] }),
            commit: async (permit, staged) => void calls.push([permit.epoch, staged]),
            close: async () => void calls.push('closed'),
          };
        },
      }),
      'test',
    );
    expect(sink).toMatchObject({ name: 'mine', guarantee: 'at-least-once', modes: ['append', 'update'], single: false });
    const writer = await sink.open(sinkContext(), []);
    await writer.write(batch({ n: 1 }, { n: 2 }));
    await writer.commit(permit(4), kept(await writer.stage(epochs(4), false)));
    await writer.close!();
    expect(calls).toEqual([
      ['job', 'subtask', 'generation', 'signal'],
      [{ n: 1 }, { n: 2 }],
      [4, { at: 4, names: ['a'] }],
      'closed',
    ]);
  });
});

describe('foreachBatch', () => {
  test('gives the epoch that staged the rows, also when a later permit commits it, and reports what was thrown', async () => {
    const calls: [readonly object[], number, boolean][] = [];
    const sink = sinkDefinition(
      foreachBatch(async (rows, epoch, { signal }) => void calls.push([rows, epoch, signal.aborted])),
      'test',
    );
    const writer = await sink.open(sinkContext(), []);
    await writer.write(batch({ n: 1 }));
    await writer.commit(permit(9), kept(await writer.stage(epochs(2), false)));
    expect(calls).toEqual([[[{ n: 1 }], 2, false]]);
    expect(await writer.stage(epochs(3), false)).toBeUndefined();
    const failing = await sinkDefinition(
      foreachBatch(async () => Promise.reject(new Error('no database'))),
      'test',
    ).open(sinkContext(), []);
    await failing.write(batch({ n: 1 }));
    await expect(failing.commit(permit(1), kept(await failing.stage(epochs(1), false)))).rejects.toThrow(
      fails('E_SINK', /foreachBatch\(\), epoch 1: no database/),
    );
    expect(() => foreachBatch(1 as never)).toThrow(fails('E_PLAN', /function/));
  });
});

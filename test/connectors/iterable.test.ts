import { describe, expect, test } from 'vitest';
import { sourceDefinition, streamNode } from '../../src/api/index.ts';
import { from, generator, sourceOf } from '../../src/connectors/index.ts';
import { MemoryDisk } from '../../src/state/index.ts';
import {
  kept,
  readPieces,
  readRows,
  rowsOf,
  sourceContext,
  turns,
  until,
  WatchedClock,
  whileTimePasses,
} from './connector-fixture.ts';

const fails = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('from', () => {
  test('takes a source, an array or an iterable, and nothing else', () => {
    const source = generator.source({ rowsPerSecond: 1, row: (n) => ({ n }) });
    expect(streamNode(from(source))).toMatchObject({ kind: 'source', source, schema: { kind: 'any' } });
    expect(streamNode(from([{ n: 1 }]))).toMatchObject({ source: { name: 'array of 1', bounded: true } });
    expect(streamNode(from(new Set([{ n: 1 }])))).toMatchObject({ source: { name: 'iterable', guarantee: 'exactly-once' } });
    expect(() => from({ n: 1 } as never)).toThrow(fails('E_PLAN', /neither a source nor iterable/));
    expect(() => from('text' as never)).toThrow(fails('E_PLAN', /neither/));
  });

  test('an array is taken as it is when the stream is made', async () => {
    const rows = [{ n: 1 }, { n: 2 }];
    const source = sourceDefinition(sourceOf(rows));
    rows.push({ n: 3 });
    expect(await readRows(source)).toEqual([{ n: 1 }, { n: 2 }]);
    await expect(source.open('0', 3, 3, sourceContext())).rejects.toThrow(
      fails('E_SOURCE_CHANGED', /has 2 rows, and 3 were read/),
    );
  });
});

describe('an iterable', () => {
  test('whose job is restarted in its process goes on where it was, and no row is lost or repeated', async () => {
    const disk = new MemoryDisk();
    const given: number[] = [];
    async function* rows(): AsyncGenerator<{ n: number }> {
      for (let n = 0; n < 300; n++) {
        given.push(n);
        yield { n };
        if (n % 7 === 0) await turns();
      }
    }
    const source = sourceDefinition(sourceOf(rows()));
    const found: number[] = [];
    let boundary: Awaited<ReturnType<typeof readPieces>>[number] | undefined;
    for (let crashes = 0; found.length < 300; crashes++) {
      const pieces = await readPieces(
        source,
        '0',
        sourceContext({ disk, batchRowsMax: 5 }),
        boundary,
        (boundary?.records ?? 0) + 40,
      );
      for (const { piece } of pieces) found.push(...rowsOf(piece.batch).map((row) => (row as { n: number }).n));
      boundary = pieces.at(-1);
      expect(crashes).toBeLessThan(20);
    }
    expect(found).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(given).toEqual(found);
  });

  test('that had ended is not asked again: a new process reads the journal and is done', async () => {
    const disk = new MemoryDisk();
    const first = await readPieces(sourceDefinition(sourceOf(new Set([{ n: 1 }, { n: 2 }]))), '0', sourceContext({ disk }));
    const asked: Iterable<object> = {
      [Symbol.iterator]: () => {
        throw new Error('asked again');
      },
    };
    const again = sourceDefinition(sourceOf(asked));
    expect(await readPieces(again, '0', sourceContext({ disk }), first.at(-1))).toEqual([]);
    expect(await readRows(again, sourceContext({ disk }))).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('that had not ended goes on with the iterable of the new process', async () => {
    const disk = new MemoryDisk();
    async function* forever(): AsyncGenerator<object> {
      yield { n: 1 };
      await new Promise(() => {});
    }
    const [first] = await readPieces(sourceDefinition(sourceOf(forever())), '0', sourceContext({ disk }), undefined, 1);
    const rest = await readPieces(sourceDefinition(sourceOf(new Set([{ n: 2 }]))), '0', sourceContext({ disk }), first);
    expect(rest.flatMap(({ piece }) => rowsOf(piece.batch))).toEqual([{ n: 2 }]);
  });

  test('that throws fails the source after the rows before it, each time it is asked', async () => {
    const disk = new MemoryDisk();
    function* rows(): Generator<object> {
      yield { n: 1 };
      throw new Error('broken');
    }
    const source = sourceDefinition(sourceOf(rows()));
    const reader = await source.open('0', undefined, 0, sourceContext({ disk }));
    expect(rowsOf((await reader.read())!.batch)).toEqual([{ n: 1 }]);
    await expect(reader.read()).rejects.toThrow(fails('E_SOURCE', /broken/));
    await reader.close();
    const again = await source.open('0', kept({ sequence: 1 }), 1, sourceContext({ disk }));
    await expect(again.read()).rejects.toThrow(expect.objectContaining({ code: 'E_SOURCE', retry: 'never' }));
    await again.close();
  });

  test('with a row that cannot be kept fails, and does not skip it', async () => {
    const disk = new MemoryDisk();
    const source = sourceDefinition(sourceOf(new Set<object>([{ f: () => 1 }, { n: 2 }])));
    for (let i = 0; i < 2; i++)
      await expect(readRows(source, sourceContext({ disk }))).rejects.toThrow(fails('E_VALUE', /function/));
  });

  test('is not drawn further than its reader can follow', async () => {
    let given = 0;
    function* rows(): Generator<object> {
      for (;;) yield { n: given++ };
    }
    const reader = await sourceDefinition(sourceOf(rows())).open('0', undefined, 0, sourceContext());
    await reader.read();
    await until(() => given >= 4096);
    await turns(100);
    expect(given).toBeLessThan(10_000);
    await reader.close();
  });
});

describe('generator.source', () => {
  test('gives so many rows a second, the first at once', async () => {
    const clock = new WatchedClock();
    const source = sourceDefinition(generator.source({ rowsPerSecond: 10, rows: 21, row: (n) => ({ n }) }));
    const pieces = await whileTimePasses(clock, readPieces(source, '0', sourceContext({ clock })));
    expect(pieces.flatMap(({ piece }) => rowsOf(piece.batch)).length).toBe(21);
    expect(clock.monotonic()).toBe(2000);
  });

  test('makes up for one second of a standstill, not for more', async () => {
    const clock = new WatchedClock();
    const reader = await sourceDefinition(generator.source({ rowsPerSecond: 100, row: (n) => ({ n }) })).open(
      '0',
      undefined,
      0,
      sourceContext({ clock }),
    );
    await reader.read();
    clock.advance(60_000);
    const made = (await reader.read())!.records;
    expect(made).toBeGreaterThanOrEqual(100);
    expect(made).toBeLessThanOrEqual(101);
  });

  test('names the row whose function threw', async () => {
    const source = sourceDefinition(
      generator.source({
        rowsPerSecond: 0,
        row: (n) => {
          if (n === 2) throw new Error('two');
          return { n };
        },
      }),
    );
    await expect(readRows(source)).rejects.toThrow(fails('E_CLOSURE', /row\(2\)/));
  });

  test('options that make no sense are plan errors', () => {
    expect(() => generator.source({ rowsPerSecond: -1, row: (n) => ({ n }) })).toThrow(fails('E_PLAN', /-1/));
    expect(() => generator.source({ rowsPerSecond: 1, rows: 1.5, row: (n) => ({ n }) })).toThrow(fails('E_PLAN', /1\.5/));
    expect(() => generator.source({ rowsPerSecond: 1 } as never)).toThrow(fails('E_PLAN', /row/));
  });
});

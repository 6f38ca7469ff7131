// One file read in several splits, on disk: what one split of it gives, each line once.
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schema, sourceDefinition, t } from '../../src/api/index.ts';
import { csv, file, json, text } from '../../src/connectors/index.ts';
import { fileSourceOf } from '../../src/connectors/file/file-source.ts';
import type { Logger } from '../../src/core/index.ts';
import type { SourceDefinition } from '../../src/operators/index.ts';
import { folder, readPieces, readRows, rowsOf, sourceContext, WatchedClock, whileTimePasses } from './connector-fixture.ts';
import { sourceContract } from './source-contract.ts';

const Row = schema({ n: t.int });
type Options = Parameters<typeof file.source>[0];
const inBlocks = (path: string, splits: number, blockBytes: number, more: object = {}): SourceDefinition =>
  sourceDefinition(fileSourceOf({ path, format: text(), splits, ...more } as Options, blockBytes));
const fails = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('file.source in three splits of small blocks, lines of JSON, some of them damaged', () => {
  sourceContract(async () => {
    const path = join(folder(), 'in.jsonl');
    writeFileSync(path, '\uFEFF{"n":0}\r\n\n{"n":1}\n{"n":"x"}\n  \n{broken\n{"n":2}\n\n{"n":3}');
    return {
      source: inBlocks(path, 3, 9, { format: json(Row) }),
      splits: {
        'in.jsonl[0/3]': [{ n: 0 }, { dead: '  ' }, { dead: '{broken' }],
        'in.jsonl[1/3]': [{ n: 1 }, { n: 2 }],
        'in.jsonl[2/3]': [{ dead: '{"n":"x"}' }, { n: 3 }],
      },
    };
  });
});

describe('file.source in two splits, CSV with a header that is longer than a block', () => {
  sourceContract(async () => {
    const path = folder();
    mkdirSync(join(path, 'b'));
    writeFileSync(join(path, 'a[0].csv'), 'ignored,n\nx,1\n"y, z",2\nx\nw,4\n');
    writeFileSync(join(path, 'b', 'c.csv'), 'n\n3\n');
    return {
      source: inBlocks(join(path, '**/*.csv'), 2, 8, { format: csv(Row, { header: true }) }),
      splits: {
        'a[0].csv[0/2]': [{ dead: 'x' }],
        'a[0].csv[1/2]': [{ n: 1 }, { n: 2 }, { n: 4 }],
        'b/c.csv[0/2]': [{ n: 3 }],
        'b/c.csv[1/2]': [],
      },
    };
  });
});

describe('several splits of a file', () => {
  const content = fc
    .array(fc.tuple(fc.constantFrom('', 'a', 'bcd', 'ü'.repeat(9), 'x'.repeat(60)), fc.constantFrom('\n', '\n', '\r\n')), {
      maxLength: 25,
    })
    .chain((lines) => fc.constantFrom('', 'end').map((last) => `${lines.flat().join('')}${last}`));

  test('BL1, C1: together they give its lines once, also if reading is broken off behind any piece, and goes on', async () => {
    const path = join(folder(), 'in.txt');
    const drawn = { whole: content, blockBytes: fc.integer({ min: 1, max: 40 }), splits: fc.integer({ min: 1, max: 4 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(drawn), fc.integer({ min: 1, max: 3 }), async ({ whole, blockBytes, splits }, batchRowsMax) => {
        writeFileSync(path, whole);
        const source = inBlocks(path, splits, blockBytes);
        const given: string[] = [];
        for (const split of await source.splits(sourceContext())) {
          const pieces = await readPieces(source, split, sourceContext({ batchRowsMax }));
          const rows = pieces.flatMap(({ piece }) => rowsOf(piece.batch));
          given.push(...rows.map((row) => (row as { value: string }).value));
          for (const piece of pieces) {
            const rest = await readPieces(source, split, sourceContext(), piece);
            expect(rest.flatMap(({ piece: { batch } }) => rowsOf(batch))).toEqual(rows.slice(piece.records));
          }
        }
        const lines = whole.split('\n').map((line) => line.replace(/\r$/, ''));
        if (lines.at(-1) === '') lines.pop();
        expect(given.toSorted()).toEqual(lines.toSorted());
      }),
      { numRuns: 100 },
    );
  });

  test('have blocks of a mebibyte each, in turn', async () => {
    const path = join(folder(), 'in.txt');
    const lines = Array.from({ length: 5000 }, (_, n) => `${n}`.padStart(999));
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    const source = sourceDefinition(file.source({ path, format: text(), splits: 2 }));
    expect(await source.splits(sourceContext())).toEqual(['in.txt[0/2]', 'in.txt[1/2]']);
    for (const index of [0, 1]) {
      const rows = await readRows({ ...source, splits: async () => [`in.txt[${index}/2]`] });
      const own = lines.filter((_, n) => Math.floor((n * 1000) / (1024 * 1024)) % 2 === index);
      expect(rows.map((row) => (row as { value: string }).value)).toEqual(own);
    }
  });

  test('name a damaged line by the byte that it begins at', async () => {
    const path = join(folder(), 'in.jsonl');
    writeFileSync(path, `{"n":0}\n{"n":1}\n{"n":}\n${'x'.repeat(17 * 1024 * 1024)}\n{"n":4}\n`);
    const source = inBlocks(path, 2, 1000, { format: json(Row) });
    const pieces = await readPieces(source, 'in.jsonl[0/2]', sourceContext());
    expect(pieces.flatMap(({ piece }) => piece.dead)).toMatchObject([
      { position: 'in.jsonl[0/2]#2', error: expect.stringMatching(/^in\.jsonl@16: the record is not JSON/) as string },
      { position: 'in.jsonl[0/2]#3', error: expect.stringMatching(/^in\.jsonl@23: the record is longer than/) as string },
    ]);
    const others = await readPieces(source, 'in.jsonl[1/2]', sourceContext());
    const rows = [...pieces, ...others].flatMap(({ piece }) => rowsOf(piece.batch));
    expect(rows).toEqual([{ n: 0 }, { n: 1 }, { n: 4 }]);
  });

  test('share the rate of the file', async () => {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, 'x\n'.repeat(1000));
    const clock = new WatchedClock();
    const source = inBlocks(path, 2, 2, { rate: 400 });
    await whileTimePasses(clock, readPieces(source, 'in.txt[1/2]', sourceContext({ clock })));
    expect(clock.monotonic()).toBeGreaterThanOrEqual(2450);
    expect(clock.monotonic()).toBeLessThanOrEqual(2600);
  });

  test('are another source than one split, or than other splits; one split is what it was', async () => {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, 'a\nb\n');
    const identity = (splits: number, blockBytes = 100): string => inBlocks(path, splits, blockBytes).identity;
    expect(new Set([identity(1), identity(2), identity(3), identity(2, 200)]).size).toBe(4);
    const alone = sourceDefinition(file.source({ path, format: text() }));
    expect(identity(1)).toBe(alone.identity);
    expect(alone.identity).toBe(`file ${path}, text, lines`);
    const [piece] = await readPieces(inBlocks(path, 1, 100), 'in.txt', sourceContext());
    expect(Object.keys(piece!.piece.position as object)).toEqual(['offset', 'count', 'head', 'tail']);
  });

  test('read only the columns that are wanted, if that is asked for', async () => {
    const path = join(folder(), 'in.jsonl');
    writeFileSync(path, '{"n":1,"other":2}\n{"n":3,"other":4}\n');
    const wide = schema({ n: t.int, other: t.int });
    const source = inBlocks(path, 2, 10, { format: json(wide) }).project!([['other']]);
    expect(await source.splits(sourceContext())).toEqual(['in.jsonl[0/2]', 'in.jsonl[1/2]']);
    expect(await readRows(source)).toEqual([{ other: 2 }, { other: 4 }]);
  });

  test.each([
    [{ splits: 0 }, /splits: 0 is no number of splits/],
    [{ splits: 1.5 }, /splits: 1.5 is no number/],
    [{ splits: 1025 }, /splits: 1025 is no number/],
    [{ splits: '2' }, /splits: 2 is no number/],
    [{ splits: 2, format: json(), perFile: 'array' }, /a JSON array is read from its begin to its end/],
    [{ splits: 2, watch: true }, /watched files are one split/],
  ])('%j is a plan error', (options, message) => {
    expect(() => file.source({ path: 'a', format: text(), ...options } as never)).toThrow(fails('E_PLAN', message));
  });
});

describe('a file in splits that is not the one of the checkpoint', () => {
  const whole = Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join('');
  const values = (pieces: Awaited<ReturnType<typeof readPieces>>): string[] =>
    pieces.flatMap(({ piece }) => rowsOf(piece.batch).map((row) => (row as { value: string }).value));

  /** Both splits are read for a while, or to their ends; something happens to the file; they are read on. */
  async function after(change: (path: string) => void, recordsMax: number, content = whole) {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, content);
    const source = inBlocks(path, 2, 50);
    const warnings: string[] = [];
    const logger = { warn: (_: object, message: string) => void warnings.push(message) } as unknown as Logger;
    const rows: string[] = [];
    const reached = [];
    for (const split of await source.splits(sourceContext())) {
      const pieces = await readPieces(source, split, sourceContext({ batchRowsMax: 7 }), undefined, recordsMax);
      rows.push(...values(pieces));
      reached.push([split, pieces.at(-1)] as const);
    }
    change(path);
    for (const [split, last] of reached) rows.push(...values(await readPieces(source, split, sourceContext({ logger }), last)));
    return { rows, warnings };
  }
  const more = Array.from({ length: 50 }, (_, i) => `more ${i}\n`).join('');
  const sorted = (rows: readonly string[]): string[] => rows.toSorted();
  const linesIn = (content: string): string[] => content.trimEnd().split('\n').toSorted();

  test('may have grown: what was read stays, and the blocks that come after are read', async () => {
    const { rows, warnings } = await after((path) => appendFileSync(path, more), 30);
    expect(sorted(rows)).toEqual(linesIn(whole + more));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/has grown since it was first opened/);
  });

  test('says nothing of a file that has not grown', async () => {
    const { rows, warnings } = await after(() => undefined, 30);
    expect([sorted(rows), warnings]).toEqual([linesIn(whole), []]);
  });

  test('may have grown since the end of it was reached, as long as the job has not heard of that', async () => {
    const { rows } = await after((path) => appendFileSync(path, more), Number.POSITIVE_INFINITY);
    expect(sorted(rows)).toEqual(linesIn(whole + more));
  });

  test('grown in the middle of its last line: refused', async () => {
    const grown = after((path) => appendFileSync(path, 'c\nd\n'), Number.POSITIVE_INFINITY, 'a\nb');
    await expect(grown).rejects.toThrow(fails('E_SOURCE_CHANGED', /last line had no end/));
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['shortened', (path) => truncateSync(path, 100), /has 100 bytes/],
    ['replaced', (path) => writeFileSync(path, `other ${whole}`), /its begin is another/],
    ['edited', (path) => writeFileSync(path, whole.replaceAll('line 4', 'LINE 4')), /right before byte|its begin/],
  ])('%s: refused', async (_what, change, message) => {
    await expect(after(change, 30)).rejects.toThrow(fails('E_SOURCE_CHANGED', message));
  });
});

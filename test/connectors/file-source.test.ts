import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { schema, type Source, sourceDefinition, t } from '../../src/api/index.ts';
import type { RowCondition } from '../../src/plan/index.ts';
import { csv, file, json, msgpack, text } from '../../src/connectors/index.ts';
import { FileReader } from '../../src/connectors/file/file-reader.ts';
import { isGlob, matchesGlob, splitGlob } from '../../src/connectors/file/glob.ts';
import {
  folder,
  outcomes,
  readPieces,
  readRows,
  rowsOf,
  sourceContext,
  WatchedClock,
  whileTimePasses,
} from './connector-fixture.ts';

const definition = (source: Source<any>) => sourceDefinition(source);
const lines = (path: string, format: unknown = text()) => definition(file.source({ path, format: format as never }));
const fails = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('the files that a path stands for', () => {
  const tree = (): string => {
    const path = folder();
    mkdirSync(join(path, 'day', 'deep'), { recursive: true });
    for (const name of ['b.txt', 'a.txt', 'a.csv', '.hidden.txt', 'day/c.txt', 'day/deep/d.txt', 'day/.pending-1'])
      writeFileSync(join(path, name), '');
    return path;
  };
  const splits = (path: string): Promise<readonly string[]> => lines(path).splits(sourceContext());

  test('a file is itself, whatever is around it', async () => {
    expect(await splits(join(tree(), 'a.txt'))).toEqual(['a.txt']);
  });

  test('a folder is its files in the order of their names, without hidden ones and folders', async () => {
    const path = tree();
    symlinkSync(join(path, 'day/c.txt'), join(path, 'link.txt'));
    symlinkSync(join(path, 'day'), join(path, 'linked-folder'));
    expect(await splits(path)).toEqual(['a.csv', 'a.txt', 'b.txt', 'link.txt']);
    expect(await splits(`${path}/`)).toEqual(['a.csv', 'a.txt', 'b.txt', 'link.txt']);
  });

  test.each([
    ['*.txt', ['a.txt', 'b.txt']],
    ['?.txt', ['a.txt', 'b.txt']],
    ['**/*.txt', ['a.txt', 'b.txt', 'day/c.txt', 'day/deep/d.txt']],
    ['day/**', ['c.txt', 'deep/d.txt']],
    ['d*/c.*', ['day/c.txt']],
    ['.*.txt', ['.hidden.txt']],
  ])('the pattern %s is the files that match it', async (pattern, expected) => {
    const path = tree();
    const found = await splits(join(path, pattern));
    expect(found).toEqual(expected);
    for (const split of found) await readPieces(lines(join(path, pattern)), split, sourceContext());
  });

  test('a file whose name looks like a pattern is that file', async () => {
    const path = join(folder(), 'what?.txt');
    writeFileSync(path, 'x\n');
    expect(await splits(path)).toEqual(['what?.txt']);
    expect(await readRows(lines(path))).toEqual([{ value: 'x' }]);
  });

  test('no file is an error that waiting does not mend', async () => {
    const path = folder();
    await expect(splits(join(path, 'missing.txt'))).rejects.toThrow(fails('E_SOURCE', /no file/));
    await expect(splits(join(path, '*.txt'))).rejects.toThrow(fails('E_SOURCE', /no file matches/));
    await expect(splits(path)).rejects.toThrow(expect.objectContaining({ code: 'E_SOURCE', retry: 'never' }));
  });

  test('a pattern knows where its folder ends', () => {
    expect(isGlob('a/b.txt')).toBe(false);
    expect(splitGlob('/*')).toEqual({ base: '/', names: ['*'] });
    expect(splitGlob('a/b/*.txt')).toEqual({ base: 'a/b', names: ['*.txt'] });
    expect(splitGlob('*')).toEqual({ base: '.', names: ['*'] });
    expect(matchesGlob(['a.b'], ['a.?'])).toBe(true);
    expect(matchesGlob(['aXb'], ['a.b'])).toBe(false);
  });
});

describe('what a file holds', () => {
  test('lines longer than a chunk, characters that lie in two, and no end at the end', async () => {
    const path = join(folder(), 'long.txt');
    const values = Array.from({ length: 40 }, (_, i) => 'ü€😀'.repeat(1 + ((i * 7919) % 4000)));
    writeFileSync(path, values.join('\n'));
    expect(await readRows(lines(path))).toEqual(values.map((value) => ({ value })));
  });

  test('a piece ends at 1024 rows, and names the line of a record that does not fit', async () => {
    const path = join(folder(), 'in.jsonl');
    writeFileSync(path, `${Array.from({ length: 3000 }, (_, n) => (n === 2000 ? '{"n":}' : `{"n":${n}}`)).join('\n')}\n`);
    const pieces = await readPieces(lines(path, json(schema({ n: t.int }))), 'in.jsonl', sourceContext());
    expect(pieces.map(({ piece }) => piece.records)).toEqual([1024, 1024, 952]);
    const [dead] = pieces[1]!.piece.dead;
    expect(dead).toMatchObject({ operator: 'source~1', position: 'in.jsonl#2000' });
    expect(dead!.error).toMatch(/^in\.jsonl:2001: the record is not JSON/);
    expect(pieces[1]!.piece.batch!.position(976)).toBe('in.jsonl#2001');
  });

  test('an empty file has no records', async () => {
    const path = join(folder(), 'empty.csv');
    writeFileSync(path, '');
    expect(await readRows(lines(path, csv(schema({ n: t.int }), { header: true })))).toEqual([]);
  });

  test('a header without a column that must be there, and a file that is no array, end the job', async () => {
    const path = join(folder(), 'in.csv');
    writeFileSync(path, 'a,b\n1,2\n');
    await expect(readRows(lines(path, csv(schema({ n: t.int }), { header: true })))).rejects.toThrow(
      fails('E_SOURCE', /in\.csv:1: the header has no column 'n'/),
    );
    const array = definition(file.source({ path, format: json(), perFile: 'array' }));
    await expect(readRows(array)).rejects.toThrow(fails('E_SOURCE', /in\.csv, byte 0: expected \[/));
  });

  test('a pipe is refused, for it cannot be read twice', async () => {
    const path = join(folder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(readRows(lines(path))).rejects.toThrow(fails('E_SOURCE', /not a file/));
  });

  test('a record beyond the bound is dead, and the next ones are read', async () => {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, `${'x'.repeat(17 * 1024 * 1024)}\nnext\n`);
    const [first, ...others] = await readPieces(lines(path), 'in.txt', sourceContext());
    expect(first!.piece.dead[0]).toMatchObject({
      position: 'in.txt#0',
      error: expect.stringMatching(/^in\.txt:1: the record is longer than/) as string,
    });
    expect(others.flatMap(({ piece }) => rowsOf(piece.batch))).toEqual([{ value: 'next' }]);
  });
});

describe('a file that is not the one of the checkpoint', () => {
  const content = Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join('');
  async function after(change: (path: string) => void, whole = content): Promise<string[]> {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, whole);
    const source = lines(path);
    const [first] = await readPieces(source, 'in.txt', sourceContext());
    change(path);
    const rest = await readPieces(source, 'in.txt', sourceContext(), first);
    return rest.flatMap(({ piece }) => rowsOf(piece.batch).map((row) => (row as { value: string }).value));
  }

  test('may have grown', async () => {
    const rest = await after((path) => appendFileSync(path, 'more\n'));
    expect(rest.length).toBe(2000 - 1024 + 1);
    expect(rest.at(-1)).toBe('more');
    expect(await after((path) => appendFileSync(path, 'b\nc\n'), 'a\n')).toEqual(['b', 'c']);
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['shortened', (path) => truncateSync(path, 100), /has 100 bytes/],
    ['replaced', (path) => writeFileSync(path, `other ${content}`), /its begin is another/],
    [
      'edited before the position',
      (path) => writeFileSync(path, content.replace('line 1023\n', 'LINE 1023\n')),
      /right before byte/,
    ],
    ['removed', (path) => rmSync(path), /is gone/],
  ])('%s: refused', async (_what, change, message) => {
    await expect(after(change)).rejects.toThrow(fails('E_SOURCE_CHANGED', message));
  });

  test('grown in the middle of its last line: refused, for half of a line was a record', async () => {
    await expect(after((path) => appendFileSync(path, 'c\nd\n'), 'a\nb')).rejects.toThrow(
      fails('E_SOURCE_CHANGED', /last line had no end/),
    );
    expect(await after(() => undefined, 'a\nb')).toEqual([]);
  });

  test('moved with its folder: it is the same', async () => {
    const path = folder();
    mkdirSync(join(path, 'old'));
    writeFileSync(join(path, 'old', 'a.txt'), 'x\ny\n');
    const [first] = await readPieces(lines(join(path, 'old')), 'a.txt', sourceContext({ batchRowsMax: 1 }));
    renameSync(join(path, 'old'), join(path, 'new'));
    const rest = await readPieces(lines(join(path, 'new')), 'a.txt', sourceContext(), first);
    expect(rest.flatMap(({ piece }) => rowsOf(piece.batch))).toEqual([{ value: 'y' }]);
  });
});

describe('a rate', () => {
  const made = (): string => {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, 'x\n'.repeat(1000));
    return path;
  };

  test('lets so many rows a second pass, in small pieces', async () => {
    const clock = new WatchedClock();
    const source = definition(file.source({ path: made(), format: text(), rate: 400 }));
    const pieces = await whileTimePasses(clock, readPieces(source, 'in.txt', sourceContext({ clock })));
    expect(clock.monotonic()).toBeGreaterThanOrEqual(2450);
    expect(clock.monotonic()).toBeLessThanOrEqual(2600);
    expect(Math.max(...pieces.map(({ piece }) => piece.records))).toBeLessThanOrEqual(21);
  });

  test('does not catch up on the time before a restore', async () => {
    const clock = new WatchedClock();
    const source = definition(file.source({ path: made(), format: text(), rate: 400 }));
    const [first] = await whileTimePasses(clock, readPieces(source, 'in.txt', sourceContext({ clock })));
    clock.advance(60_000);
    const begun = clock.monotonic();
    await whileTimePasses(clock, readPieces(source, 'in.txt', sourceContext({ clock }), first));
    expect(clock.monotonic() - begun).toBeGreaterThanOrEqual(2400);
  });

  test('ends its wait when the source is closed', async () => {
    const controller = new AbortController();
    const source = definition(file.source({ path: made(), format: text(), rate: 1 }));
    const reader = await source.open('in.txt', undefined, 0, sourceContext({ signal: controller.signal }));
    expect(reader).toBeInstanceOf(FileReader);
    expect((await reader.read())!.records).toBe(1);
    const waiting = reader.read();
    controller.abort(new Error('closing'));
    await expect(waiting).rejects.toThrow('closing');
    await reader.close();
  });

  test.each([
    [{ path: 'a', format: text(), rate: -1 }, /-1 is no rate/],
    [{ path: '', format: text() }, /needs a path/],
    [{ path: 'a', format: text(), perFile: 'array' as const }, /reads json\(\), not text/],
    [{ path: 'a', format: msgpack(schema({ n: t.int })) }, /records in msgpack/],
  ])('and options that make no sense are plan errors', (options, message) => {
    expect(() => file.source(options as never)).toThrow(fails('E_PLAN', message));
  });
});

describe('a source of which only some columns are wanted', () => {
  const Event = schema({
    id: t.int,
    name: t.string,
    bid: t.struct({ price: t.number, channel: t.string }).nullable(),
    at: t.timestamp,
  });
  const events = [
    '{"id":1,"name":"a","bid":{"price":1.5,"channel":"x"},"at":0}',
    '{"id":2,"name":3,"bid":null,"at":1}',
    '{"id":3,"name":"\\u00e9","bid":null,"at":"2024-05-01"}',
    '{"id":4,"name":"b","bid":{"price":2,"channel":7},"at":2}',
    '{"id":5,"name":"c","bid":{"channel":"y","price":3},"at":2,"more":[{}]}',
    '{"id":6,"name":"c","bid":null,"at":"x"}',
    '{"id":7,"name":"c","bid":null,"at":3,}',
  ];
  const source = (options: object = {}) => {
    const path = join(folder(), 'events.jsonl');
    writeFileSync(path, events.join('\n'));
    return definition(file.source({ path, format: json(Event), ...options }));
  };
  const outcomesOf = async (of: ReturnType<typeof source>) => {
    const [split] = await of.splits(sourceContext());
    const pieces = await readPieces(of, split!, sourceContext());
    return pieces.flatMap(({ piece }) => outcomes(piece));
  };

  test('has no others, and refuses the same records at the same places', async () => {
    const whole = source();
    const narrow = whole.project!([['bid', 'price'], ['id']]);
    expect(narrow.schema).toEqual({
      kind: 'columns',
      fields: [
        { name: 'id', type: { kind: 'int64' }, nullable: false },
        {
          name: 'bid',
          type: { kind: 'struct', fields: [{ name: 'price', type: { kind: 'float64' }, nullable: false }] },
          nullable: true,
        },
      ],
    });
    expect([narrow.identity, narrow.name]).toEqual([whole.identity, whole.name]);
    const found = await outcomesOf(narrow);
    const dead = (await outcomesOf(whole)).filter((one) => one.dead !== undefined);
    expect(dead.map(({ position }) => position)).toEqual([1, 3, 5, 6].map((n) => `events.jsonl#${n}`));
    expect(found.filter((one) => one.dead !== undefined)).toEqual(dead);
    expect(found.flatMap(({ row }) => row ?? [])).toEqual([
      { id: 1, bid: { price: 1.5 } },
      { id: 3, bid: null },
      { id: 5, bid: { price: 3 } },
    ]);
  });

  test('may have none, and still has its rows', async () => {
    const none = source().project!([]);
    expect((await outcomesOf(none)).filter(({ row }) => row !== undefined).map(({ row }) => row)).toEqual([{}, {}, {}]);
  });

  test('leaves out rows that do not meet the conditions, and refuses and counts the same records at the same places', async () => {
    const conditions: readonly RowCondition[] = [
      { column: 'id', is: 'gte', value: 2 },
      { column: 'name', is: 'ne', value: 'c' },
    ];
    for (const some of [source().filter!(conditions), source().project!([['id'], ['name']]).filter!(conditions)]) {
      const pieces = await readPieces(some, 'events.jsonl', sourceContext());
      expect(pieces.reduce((sum, { piece }) => sum + piece.records, 0)).toBe(events.length);
      const found = pieces.flatMap(({ piece }) => outcomes(piece));
      expect(
        found.map(({ position, row, dead }) => [position, dead === undefined ? (row as { id: number }).id : 'dead']),
      ).toEqual([
        ['events.jsonl#1', 'dead'],
        ['events.jsonl#2', 3],
        ['events.jsonl#3', 'dead'],
        ['events.jsonl#5', 'dead'],
        ['events.jsonl#6', 'dead'],
      ]);
    }
  });

  test('is narrowed again, and has no column that is not there', () => {
    const narrow = source().project!([['bid']]);
    expect(narrow.project!([['bid', 'channel']]).schema).toMatchObject({ fields: [{ name: 'bid' }] });
    expect(() => narrow.project!([['id']])).toThrow(fails('E_SCHEMA', /no column "id" to read/));
    expect(() => source().project!([['bid', 'lost']])).toThrow(fails('E_SCHEMA', /no column "bid.lost" to read/));
    expect(() => source().project!([['name', 'length']])).toThrow(fails('E_SCHEMA', /"name.length"/));
    expect(lines('x').project).toBeUndefined(); // text() reads all
    expect(definition(file.source({ path: 'x', format: json() })).project).toBeUndefined();
  });
});

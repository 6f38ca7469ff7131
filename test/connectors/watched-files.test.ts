import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceDefinition } from '../../src/api/index.ts';
import { file, text } from '../../src/connectors/index.ts';
import type { SplitReader } from '../../src/operators/index.ts';
import { MemoryDisk } from '../../src/state/index.ts';
import { folder, kept, readRows, rowsOf, sourceContext, WatchedClock, whileTimePasses } from './connector-fixture.ts';

/** A folder into which a test drops files, and the source that watches it. */
class Drop {
  readonly path = folder();
  readonly disk = new MemoryDisk();
  readonly clock = new WatchedClock();
  readonly abort = new AbortController();
  #reader!: SplitReader;
  #position: unknown;
  #records = 0;

  put(name: string, content: string, at?: number): void {
    writeFileSync(join(this.path, `.${name}`), content);
    if (at !== undefined) utimesSync(join(this.path, `.${name}`), at, at);
    renameSync(join(this.path, `.${name}`), join(this.path, name));
  }
  async open(pattern = ''): Promise<this> {
    const source = sourceDefinition(file.source({ path: join(this.path, pattern), format: text(), watch: true }));
    const { disk, clock } = this;
    const context = sourceContext({ disk, clock, signal: this.abort.signal });
    const [split] = await source.splits(context);
    this.#reader = await source.open(split!, this.#position, this.#records, context);
    return this;
  }
  /** Reads until so many rows are there; where it then is, a restore goes on. */
  async rows(count: number): Promise<string[]> {
    const rows: string[] = [];
    while (rows.length < count) {
      const piece = await whileTimePasses(this.clock, this.#reader.read());
      rows.push(...rowsOf(piece!.batch).map((row) => (row as { value: string }).value));
      this.#position = kept(piece!.position);
      this.#records += piece!.records;
    }
    return rows;
  }
  /** The next piece, whatever it holds. */
  piece(): ReturnType<SplitReader['read']> {
    return whileTimePasses(this.clock, this.#reader.read());
  }
}

describe('a watched folder', () => {
  test('WF1: gives each file that appears, once, in the order in which they changed', async () => {
    const drop = new Drop();
    drop.put('b', '3\n4\n', 200);
    drop.put('c', '1\n2\n', 100);
    await drop.open();
    expect(await drop.rows(4)).toEqual(['1', '2', '3', '4']);
    const later = drop.rows(2);
    drop.put('a', '5\n6', 50);
    expect(await later).toEqual(['5', '6']);
  });

  test('is one split, and never ends', async () => {
    const drop = new Drop();
    const source = sourceDefinition(file.source({ path: drop.path, format: text(), watch: true }));
    expect([source.bounded, await source.splits(sourceContext())]).toEqual([false, [drop.path]]);
    await drop.open();
    const next = drop.piece();
    drop.abort.abort(new Error('stopped'));
    await expect(next).rejects.toThrow('stopped');
  });

  test('takes only what matches a pattern', async () => {
    const drop = new Drop();
    drop.put('x.csv', 'no\n');
    await drop.open('*.txt');
    const rows = drop.rows(1);
    drop.put('y.txt', 'yes\n');
    expect(await rows).toEqual(['yes']);
  });

  test('C1: goes on in the middle of a file, and reads the others in the order in which they were taken, whatever their times say now', async () => {
    const drop = new Drop();
    drop.put('a', '1\n2\n', 100);
    drop.put('b', '3\n', 200);
    drop.put('c', '4\n', 300);
    await drop.open();
    expect(await drop.rows(2)).toEqual(['1', '2']);
    utimesSync(join(drop.path, 'c'), 1, 1);
    drop.put('d', '5\n', 2);
    await drop.open();
    expect(await drop.rows(3)).toEqual(['3', '4', '5']);
  });

  test('a file that was read to its end may go', async () => {
    const drop = new Drop();
    drop.put('a', '1\n');
    await drop.open();
    await drop.rows(1);
    const end = await drop.piece();
    expect([end!.records, end!.position]).toEqual([0, { file: 1, at: null }]);
    rmSync(join(drop.path, 'a'));
    const rows = drop.rows(1);
    drop.put('b', '2\n');
    expect(await rows).toEqual(['2']);
    await drop.open();
  });

  test('a file that is gone before it was read to its end is an error', async () => {
    const drop = new Drop();
    drop.put('a', '1\n2\n');
    await drop.open();
    await drop.rows(2);
    rmSync(join(drop.path, 'a'));
    await drop.open();
    await expect(drop.piece()).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  });

  test('WF2: a file that grows after it was read to its end is an error that says what to do', async () => {
    const drop = new Drop();
    drop.put('a', '1\n');
    await drop.open();
    await drop.rows(1);
    await drop.piece();
    appendFileSync(join(drop.path, 'a'), '2\n');
    await expect(drop.piece()).rejects.toMatchObject({
      code: 'E_SOURCE_CHANGED',
      message: 'a had 2 bytes when it was read to its end, and has 4 now',
      hint: expect.stringContaining('once they are complete'),
    });
  });

  test('is a folder or a pattern, and is there', async () => {
    const drop = new Drop();
    drop.put('a', '1\n');
    await expect(drop.open('a')).rejects.toMatchObject({ code: 'E_SOURCE', message: expect.stringContaining('is one file') });
    await expect(drop.open('nowhere')).rejects.toMatchObject({ code: 'E_SOURCE' });
    mkdirSync(join(drop.path, 'empty'));
    await drop.open('empty');
  });
});

test('a run that ends with what is there reads the files that were there when it began, in the order in which they were taken', async () => {
  const drop = new Drop();
  const source = sourceDefinition(file.source({ path: drop.path, format: text(), watch: true }));
  const context = sourceContext({ disk: drop.disk });
  const read = async (until: unknown): Promise<string[]> =>
    (await readRows(source, { ...context, until })).map((row) => (row as { value: string }).value);
  drop.put('b', '2', 200);
  drop.put('a', '1', 100);
  const first = kept(await source.endNow!(drop.path, context));
  drop.put('c', '3', 50);
  expect(await read(first)).toEqual(['1', '2']);
  const second = kept(await source.endNow!(drop.path, context));
  expect([await read(first), await read(second), kept(await source.endNow!(drop.path, context))]).toEqual([
    ['1', '2'],
    ['1', '2', '3'],
    second,
  ]);
});

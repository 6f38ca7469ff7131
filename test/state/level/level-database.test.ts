import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchBytesMax, GroupCommit, type Write } from '../../../src/state/level/group-commit.ts';
import { Lane } from '../../../src/state/lane.ts';
import { LevelBlobs } from '../../../src/state/level/level-blobs.ts';
import { LevelDatabase } from '../../../src/state/level/level-database.ts';
import { storeError } from '../../../src/state/level/level-errors.ts';

const put = (key: string, length = 1): Write => ({ type: 'put', key, value: new Uint8Array(length) });

describe('group commit', () => {
  let batches: string[][];
  let release: () => void;
  let commits: GroupCommit;
  beforeEach(() => {
    batches = [];
    let gate = new Promise<void>((resolve) => (release = resolve));
    commits = new GroupCommit(async (writes, bytes) => {
      expect(writes.length === 1 || bytes <= batchBytesMax).toBe(true);
      batches.push(writes.map(({ key }) => key));
      await gate;
      gate = Promise.resolve();
      if (writes.some(({ key }) => key === 'bad')) throw new Error('refused');
    });
  });

  it('S8: writes what waits together in one batch, in order, and confirms it with its batch', async () => {
    const confirmed: string[] = [];
    const write = (key: string): Promise<void> => commits.write([put(key)]).then(() => void confirmed.push(key));
    const first = [write('a'), write('b')];
    await Promise.resolve();
    await Promise.resolve();
    const later = [write('c'), write('d'), write('e')];
    expect(confirmed).toEqual([]);
    release();
    await Promise.all([...first, ...later]);
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
    expect(confirmed).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
  it('S9: keeps batches within their bound, but for a single write that is longer', async () => {
    release();
    const lengths = [batchBytesMax / 2, batchBytesMax / 2, 1, 2 * batchBytesMax, 1, 1];
    await Promise.all(lengths.map((length, i) => commits.write([put(`${i}`, length)])));
    expect(batches).toEqual([['0', '1'], ['2'], ['3'], ['4', '5']]);
  });
  it('a batch that fails is told to its own writers, and to no other', async () => {
    release();
    const bad = commits.write([put('bad', batchBytesMax)]);
    const good = commits.write([put('good', batchBytesMax)]);
    await expect(bad).rejects.toThrow('refused');
    await good;
  });
});

describe('one LevelDB', () => {
  let directory: string;
  let database: LevelDatabase;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-level-'));
    database = await LevelDatabase.open(join(directory, 'level'), true);
  });
  afterEach(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('S7: takes one task after the other, also after one that failed', async () => {
    const lane = new Lane();
    const order: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<void> => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    const results = await Promise.allSettled([lane.run(task('a')), lane.run(task('b', true)), lane.run(task('c'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
  it('S7: never reads an old value while much is written over and over', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    const value = (round: number, i: number): Uint8Array => new Uint8Array(2000).map((_, at) => (at * round + i) & 255);
    for (let round = 1; round <= 120; round++) {
      const writes = keys.map((key, i) => database.write([{ type: 'put', key, value: value(round, i) }]));
      const during = database.read(keys, 'k');
      await Promise.all([...writes, during]);
      const after = await database.read(keys, 'k');
      after.forEach((found, i) => expect(Buffer.compare(found!, value(round, i))).toBe(0));
    }
  });
  it('S11, S12: a blob without its entry is missing, whatever pieces there are', async () => {
    const blobs = new LevelBlobs(database);
    await blobs.put('x', new Uint8Array(600_000));
    await database.write([{ type: 'del', key: 'b!x' }]);
    expect(await database.keys('c!', 'c!~', 'pieces')).toHaveLength(3);
    await expect(blobs.get('x')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED', message: 'blob x is missing' });
    expect(await blobs.list('')).toEqual([]);
    await blobs.delete(['x']);
    expect(await database.keys('c!', 'c!~', 'pieces')).toEqual([]);
  });
  it('tells a full disk from damage', () => {
    const thrown = (code: string, message: string): Error => Object.assign(new Error(message), { code });
    expect(storeError(thrown('LEVEL_IO_ERROR', 'IO error: 000012.log: No space left on device'), 'write')).toMatchObject({
      code: 'E_STORE',
    });
    expect(storeError(thrown('LEVEL_IO_ERROR', 'IO error: 000012.ldb: Too many open files'), 'read')).toMatchObject({
      code: 'E_STORE',
    });
    expect(storeError(thrown('LEVEL_IO_ERROR', 'IO error: 000012.ldb: Invalid argument'), 'read')).toMatchObject({
      code: 'E_STATE_DAMAGED',
    });
    expect(storeError(thrown('LEVEL_CORRUPTION', 'Corruption: bad block'), 'read')).toMatchObject({ code: 'E_STATE_DAMAGED' });
  });
});

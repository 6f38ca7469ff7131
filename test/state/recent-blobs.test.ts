import { beforeEach, describe, expect, test } from 'vitest';
import { type BlobStore, MemoryDisk, openMemoryStores, RecentBlobs } from '../../src/state/index.ts';
import { describeBlobs } from './blob-contract.ts';

describe('blobs that are kept in memory', () => {
  let recent = new RecentBlobs(1000);
  let disk = new MemoryDisk();
  let asked: string[] = [];
  const remote = (): BlobStore => {
    const { blobs } = openMemoryStores(disk);
    return {
      ...blobs,
      put: (id, bytes) => blobs.put(id, bytes),
      list: (prefix) => blobs.list(prefix),
      delete: (ids) => blobs.delete(ids),
      get: (id) => {
        asked.push(id);
        return blobs.get(id);
      },
    };
  };
  beforeEach(() => {
    [recent, disk, asked] = [new RecentBlobs(1000), new MemoryDisk(), []];
  });
  const filled = (value: number, bytes = 400): Uint8Array => new Uint8Array(bytes).fill(value);

  describe('of any size', () => {
    let blobs: BlobStore;
    beforeEach(() => {
      blobs = new RecentBlobs(1 << 20).over(remote(), 'life');
    });
    describeBlobs(
      () => blobs,
      async () => void (blobs = new RecentBlobs(1 << 20).over(remote(), 'life')),
    );
  });

  test('are read from the store once, and not at all if they were written here', async () => {
    await remote().put('of-another', filled(1));
    const blobs = recent.over(remote(), 'life');
    await blobs.put('mine', filled(2));
    for (let i = 0; i < 3; i++) expect([(await blobs.get('of-another'))[0], (await blobs.get('mine'))[0]]).toEqual([1, 2]);
    expect(asked).toEqual(['of-another']);
  });

  test('RB1: are no more than fit, and the first stay until nobody needs them', async () => {
    const blobs = recent.over(remote(), 'life');
    for (const [n, id] of ['a', 'b', 'c'].entries()) await blobs.put(id, filled(n));
    for (const id of ['a', 'b', 'c', 'c']) await blobs.get(id);
    expect(asked).toEqual(['c', 'c']);
    blobs.retain!(new Set(['b', 'c']));
    for (const id of ['a', 'b', 'c', 'c']) await blobs.get(id);
    expect(asked).toEqual(['c', 'c', 'a', 'c', 'c']);
  });

  test('give their room back when they are deleted', async () => {
    const blobs = recent.over(remote(), 'life');
    await blobs.put('a', filled(1, 900));
    await blobs.delete(['a', 'never-was']);
    await blobs.put('b', filled(2, 900));
    expect((await blobs.get('b'))[0]).toBe(2);
    expect(asked).toEqual([]);
  });

  test('are read ahead, what is there and what fits, until it is enough', async () => {
    const ids = 'a b c d e f g h i j k l'.split(' ');
    for (const [n, id] of ids.entries()) await remote().put(id, filled(n));
    const blobs = recent.over(remote(), 'life');
    await blobs.put('gone', filled(9));
    const enough = new AbortController();
    await blobs.warm!(ids, enough.signal);
    // Two fit; those that were under way when the third did not are the last.
    const ahead = asked.length;
    expect(ahead).toBeLessThan(ids.length / 2 + 1);
    expect((await blobs.get('a'))[0]).toBe(0);
    expect([blobs.view!('a')?.[0], blobs.view!('b')?.[0], blobs.view!('c')]).toEqual([0, 1, undefined]);
    await blobs.warm!(ids, enough.signal); // it is known that no more fits
    expect(asked).toHaveLength(ahead);
    enough.abort();
    await blobs.warm!(['l'], enough.signal);
    await expect(blobs.warm!(['never-was'], new AbortController().signal)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    expect(asked.slice(ahead)).toEqual(['never-was']);
  });

  test('RB2: are forgotten with the life that they belong to, whoever is still at it', async () => {
    const before = recent.over(remote(), 'life-1');
    await before.put('x', filled(1));
    disk = new MemoryDisk();
    const after = recent.over(remote(), 'life-2');
    await after.put('x', filled(2));
    await before.delete(['x']);
    before.retain!(new Set());
    expect([(await after.get('x'))[0], asked]).toEqual([2, []]);
  });
});

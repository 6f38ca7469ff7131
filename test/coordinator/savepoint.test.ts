import { describe, expect, test } from 'vitest';
import { CheckpointStore, copyCheckpoint, copySavepoint } from '../../src/coordinator/index.ts';
import { type JobStores, MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { bytesOf, manifest, part } from './manifests.ts';

async function jobWith(disk: MemoryDisk, epochs: readonly number[]): Promise<CheckpointStore> {
  const stores = openMemoryStores(disk);
  const store = new CheckpointStore(stores);
  await store.load();
  await store.fence(1, 'i', 0);
  for (const epoch of epochs) await publish(store, stores, epoch);
  return store;
}
async function publish(store: CheckpointStore, { blobs }: JobStores, epoch: number): Promise<void> {
  await blobs.put(`blob/${epoch}`, bytesOf(`${epoch}`));
  await store.publish(manifest(epoch, [part('op', { blobs: [`blob/${epoch}`] })]), false);
}
const savepointOf = (store: CheckpointStore, from: JobStores, to: JobStores): Promise<void> =>
  store.pinned((latest, pointer) => copyCheckpoint(latest, pointer, from, to));

describe('a savepoint', () => {
  test('holds the newest checkpoint alone, and what was journaled', async () => {
    const disk = new MemoryDisk();
    const from = openMemoryStores(disk);
    await from.journal.append('in', [bytesOf('a'), bytesOf('b'), bytesOf('c')]);
    await from.journal.release('in', 1);
    const saved = new MemoryDisk();
    await savepointOf(await jobWith(disk, [1, 2, 3]), from, openMemoryStores(saved));
    expect([...saved.blobs.keys()].sort()).toEqual(['blob/3', 'manifest/3']);
    expect(await openMemoryStores(saved).journal.list()).toEqual([{ name: 'in', first: 1, end: 3 }]);

    const fresh = openMemoryStores();
    await copySavepoint(openMemoryStores(saved), fresh);
    const store = new CheckpointStore(fresh);
    await store.load();
    expect([store.latest?.epoch, store.oldest, store.pointer?.reserved]).toEqual([3, 3, 19]);
    await copySavepoint(openMemoryStores(saved), fresh); // once more changes nothing
    await expect(copySavepoint(openMemoryStores(saved), from)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test('goes on where its copy was cut short', async () => {
    const disk = new MemoryDisk();
    const from = openMemoryStores(disk);
    await from.journal.append('in', ['a', 'b', 'c'].map(bytesOf));
    const store = await jobWith(disk, [1]);
    const to = openMemoryStores();
    const { journal } = to;
    const cut: JobStores = {
      ...to,
      journal: {
        list: () => journal.list(),
        begin: (...args) => journal.begin(...args),
        read: (...args) => journal.read(...args),
        end: (name) => journal.end(name),
        release: (...args) => journal.release(...args),
        append: () => Promise.reject(new Error('cut')),
      },
    };
    await expect(savepointOf(store, from, cut)).rejects.toThrow('cut');
    await savepointOf(store, from, to);
    expect((await to.journal.read('in', 0, 9)).map(({ value }) => value)).toEqual(['a', 'b', 'c'].map(bytesOf));
  });

  test('SP1: that was cut short is none', async () => {
    const disk = new MemoryDisk();
    const store = await jobWith(disk, [1]);
    for (const cut of ['get', 'put'] as const) {
      const [from, to] = [openMemoryStores(disk), openMemoryStores()];
      const broken = { ...from, blobs: { ...from.blobs, get: () => Promise.reject(new Error('cut')) } };
      const full = { ...to, blobs: { ...to.blobs, put: () => Promise.reject(new Error('cut')) } };
      await expect(savepointOf(store, cut === 'get' ? broken : from, cut === 'put' ? full : to)).rejects.toThrow('cut');
      await expect(copySavepoint(to, openMemoryStores())).rejects.toMatchObject({
        code: 'E_USAGE',
        message: 'the job has no checkpoint yet',
      });
    }
  });

  test('CS3: what it still reads is not deleted, however many checkpoints follow; afterwards it is', async () => {
    const disk = new MemoryDisk();
    const stores = openMemoryStores(disk);
    const store = await jobWith(disk, [1]);
    await store.pinned(async () => {
      for (let epoch = 2; epoch < 40; epoch++) await publish(store, stores, epoch);
      expect([store.oldest, disk.blobs.has('blob/1'), disk.blobs.has('manifest/1')]).toEqual([1, true, true]);
    });
    expect([...disk.blobs.keys()].filter((id) => id.startsWith('blob')).sort()).toEqual(['blob/37', 'blob/38', 'blob/39']);
    expect(store.oldest).toBe(37);
  });
});

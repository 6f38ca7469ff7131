import { beforeEach, describe, expect, test } from 'vitest';
import { CheckpointStore, retained } from '../../src/coordinator/index.ts';
import { type JobStores, MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { bytesOf, manifest, part } from './manifests.ts';

let disk: MemoryDisk;
beforeEach(() => {
  disk = new MemoryDisk();
});
const open = (): JobStores => openMemoryStores(disk);

async function opened(generation = 1): Promise<CheckpointStore> {
  const store = new CheckpointStore(open());
  await store.load();
  await store.fence(generation, 'i', store.pointer?.reserved ?? 0);
  return store;
}
/** Writes the blobs as a subtask does, and then publishes the checkpoint that needs them. */
async function publish(store: CheckpointStore, epoch: number, ...blobs: string[]): Promise<void> {
  for (const id of blobs) await open().blobs.put(id, bytesOf(id));
  await store.publish(manifest(epoch, [part('op', { blobs })]), false);
}
const blobs = (): string[] => [...disk.blobs.keys()].sort();

describe('the checkpoint store', () => {
  test('knows nothing of a job that was never started', async () => {
    const store = new CheckpointStore(open());
    await store.load();
    expect([store.pointer, store.latest, store.oldest]).toEqual([null, null, 0]);
  });

  test('CS1: a checkpoint exists once the pointer names it, for whoever opens the store then', async () => {
    const store = await opened();
    expect([store.pointer?.epoch, store.latest]).toEqual([0, null]);
    await publish(store, 1, 'a');
    expect(store.latest?.epoch).toBe(1);
    const other = new CheckpointStore(open());
    await other.load();
    expect([other.pointer, other.latest]).toEqual([
      { incarnation: 'i', generation: 1, epoch: 1, finished: false, reserved: 17, kept: [1] },
      store.latest,
    ]);
  });

  test('CS1: a manifest that the pointer does not name is no checkpoint, but garbage', async () => {
    const store = await opened();
    await publish(store, 1, 'a');
    const { pointers, ...stores } = open();
    const failing = new CheckpointStore({
      ...stores,
      pointers: {
        ...pointers,
        read: (name) => pointers.read(name),
        compareAndSet: async () => Promise.reject(new Error('power cut')),
      },
    });
    await failing.load();
    await expect(publish(failing, 2, 'b')).rejects.toThrow('power cut');
    expect(blobs()).toEqual(['a', 'b', 'manifest/1', 'manifest/2']);
    expect((await opened(2)).latest?.epoch).toBe(1);
    expect(blobs()).toEqual(['a', 'manifest/1']);
  });

  test('CS1: epochs rise', async () => {
    const store = await opened();
    await publish(store, 2);
    await expect(publish(store, 2)).rejects.toThrow('CS1');
    await expect(publish(store, 1)).rejects.toThrow('CS1');
  });

  test('CS2: the manifest is durable before the pointer names it', async () => {
    const stores = open();
    const order: string[] = [];
    const store = new CheckpointStore({
      ...stores,
      blobs: {
        put: async (id, bytes) => (await stores.blobs.put(id, bytes), void order.push(`put ${id}`)),
        get: (id) => stores.blobs.get(id),
        list: (prefix) => stores.blobs.list(prefix),
        delete: (ids) => stores.blobs.delete(ids),
      },
      pointers: {
        read: (name) => stores.pointers.read(name),
        compareAndSet: async (...args) => (order.push('pointer'), stores.pointers.compareAndSet(...args)),
      },
    });
    await store.load();
    await store.fence(1, 'i', 0);
    await store.publish(manifest(1), false);
    expect(order).toEqual(['pointer', 'put manifest/1', 'pointer']);
  });

  test('CS3: keeps the last checkpoints, and deletes what only older ones needed', async () => {
    const store = await opened();
    await publish(store, 1, 'base', 'delta-1');
    await publish(store, 2, 'base', 'delta-2');
    await publish(store, 3, 'base', 'delta-2', 'delta-3');
    expect(store.oldest).toBe(1);
    await publish(store, 5, 'new-base');
    expect([retained, store.oldest, store.pointer?.kept]).toEqual([3, 2, [2, 3, 5]]);
    expect(blobs()).toEqual(['base', 'delta-2', 'delta-3', 'manifest/2', 'manifest/3', 'manifest/5', 'new-base']);
  });

  test('CS3: keeps blobs that hold a value', async () => {
    const store = await opened();
    await open().blobs.put('value', bytesOf('value'));
    await store.publish(manifest(1, [part('op', { value: 'value' })]), false);
    await opened(2);
    expect(blobs()).toEqual(['manifest/1', 'value']);
  });

  test('CS3: a coordinator that only looks deletes nothing of one that is at work', async () => {
    const working = await opened();
    await open().blobs.put('in-flight', bytesOf('in-flight'));
    const looking = new CheckpointStore(open());
    await looking.load();
    await working.publish(manifest(1, [part('op', { blobs: ['in-flight'] })]), false);
    await expect(looking.fence(2, 'i', 0)).rejects.toMatchObject({ code: 'E_RUNNING' });
    expect(blobs()).toEqual(['in-flight', 'manifest/1']);
  });

  test('CS6: a coordinator that stood still while it swept deletes nothing of the one that has replaced it', async () => {
    await publish(await opened(), 1, 'g1/e1/s0-0/0');
    const stores = open();
    const late = new CheckpointStore({
      ...stores,
      blobs: {
        ...stores.blobs,
        put: (id, bytes) => stores.blobs.put(id, bytes),
        get: (id) => stores.blobs.get(id),
        list: async (prefix) => {
          await publish(await opened(3), 40, 'g3/e40/s0-0/0');
          return stores.blobs.list(prefix);
        },
        delete: (ids) => stores.blobs.delete(ids),
      },
    });
    await late.load();
    await open().blobs.put('g1/e2/s0-0/7', bytesOf('left'));
    await late.fence(2, 'i', late.pointer!.reserved);
    expect(blobs()).toEqual(['g1/e1/s0-0/0', 'g3/e40/s0-0/0', 'manifest/1', 'manifest/40']);
    const next = new CheckpointStore(open());
    await next.load();
    expect(next.latest?.epoch).toBe(40);
  });

  test('CS3: what is retired while a coordinator reads it is read anew; what is missing without that is damage', async () => {
    const leader = await opened();
    for (let epoch = 1; epoch <= retained; epoch++) await publish(leader, epoch, `b${epoch}`);
    const stores = open();
    let reads = 0;
    const slow = new CheckpointStore({
      ...stores,
      blobs: {
        ...stores.blobs,
        put: (id, bytes) => stores.blobs.put(id, bytes),
        get: async (id) => {
          if (reads++ === 0) await publish(leader, retained + 1, 'next');
          return stores.blobs.get(id);
        },
        list: (prefix) => stores.blobs.list(prefix),
        delete: (ids) => stores.blobs.delete(ids),
      },
    });
    await slow.load();
    expect(slow.latest?.epoch).toBe(retained + 1);
    disk.blobs.delete(`manifest/${retained}`);
    await expect(new CheckpointStore(open()).load()).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  });

  test('CS4: a coordinator that lost the pointer can neither publish nor fence', async () => {
    const old = await opened(1);
    await publish(old, 1);
    await opened(2);
    for (const act of [() => publish(old, 2), () => old.fence(3, 'i', 0)])
      await expect(act()).rejects.toMatchObject({ code: 'E_RUNNING', retry: 'never', message: expect.stringContaining('CS4') });
    expect((await opened(3)).pointer).toMatchObject({ generation: 3, epoch: 1 });
  });

  test('a fence raises the generation and leaves the checkpoint and the incarnation', async () => {
    await publish(await opened(1), 1);
    const store = new CheckpointStore(open());
    await store.load();
    await store.fence(7, 'another', 17);
    expect(store.pointer).toEqual({ incarnation: 'i', generation: 7, epoch: 1, finished: false, reserved: 33, kept: [1] });
  });

  test('says when a checkpoint was damaged, and takes no older one', async () => {
    const store = await opened();
    await publish(store, 1);
    await publish(store, 2);
    disk.blobs.delete('manifest/2');
    await expect(opened(2)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { type ChunkRef, type JobStores, loadChunks, MemoryDisk, OperatorState, openMemoryStores } from '../../src/state/index.ts';
import { boxCodec, boxState, drain, epochs, ids, keyGroups, store } from './state-fixture.ts';

describe('a restore', () => {
  let disk: MemoryDisk;
  let stores: JobStores;
  let refs: ChunkRef[];
  beforeEach(async () => {
    disk = new MemoryDisk();
    stores = openMemoryStores(disk);
    const { state, tables } = boxState();
    for (let i = 0; i < keyGroups; i++) for (const table of tables) table.put(0, `k${i}`, i, { n: i });
    refs = await store(drain(state.freeze(epochs()())), stores.blobs, ids());
  });
  const declaring = (names: Readonly<Record<string, string>>, groups = keyGroups): OperatorState => {
    const state = new OperatorState({ operator: 'op', keyGroups: groups, owned: [0, groups] });
    for (const [name, id] of Object.entries(names)) state.table(name, { ...boxCodec, id });
    return state;
  };
  const incompatible = (message: string): unknown =>
    expect.objectContaining({ code: 'E_STATE_INCOMPATIBLE', message: expect.stringContaining(message) });

  it('S26: takes the records of owned groups only', async () => {
    const { state, tables } = boxState([4, 8]);
    await loadChunks(state, refs, stores.blobs);
    expect([...tables[0]!.entries(0)].map(({ group }) => group).toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7]);
    expect(state.rows).toBe(8);
  });
  it('reads what is in memory where it lies, without its checksum, and all else with it', async () => {
    const damaged = new Map<string, Uint8Array>();
    for (const { id } of refs) {
      const bytes = await stores.blobs.get(id);
      bytes[bytes.length - 5]! ^= 1; // a value's last byte
      damaged.set(id, bytes);
    }
    const blobs = { ...stores.blobs, get: async (id: string) => damaged.get(id)! };
    await expect(loadChunks(boxState().state, refs, blobs)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    const { state } = boxState();
    await loadChunks(state, refs, { ...blobs, view: (id: string) => damaged.get(id) });
    expect(state.rows).toBe(2 * keyGroups);
  });
  it('writes nothing of it again', async () => {
    const { state } = boxState();
    await loadChunks(state, refs, stores.blobs);
    expect(drain(state.freeze(epochs()()))).toEqual([]);
  });
  it('S27: refuses a table that is no longer declared, and one with another codec', async () => {
    await expect(loadChunks(declaring({ a: 'box:1' }), refs, stores.blobs)).rejects.toThrow(
      incompatible("has state 'b' (was box:1), which the operator no longer declares (is a)"),
    );
    await expect(loadChunks(declaring({ a: 'box:1', b: 'box:2' }), refs, stores.blobs)).rejects.toThrow(
      incompatible("state 'b' was box:1, is box:2"),
    );
    await expect(loadChunks(declaring({ a: 'box:1', b: 'box:1' }, 32), refs, stores.blobs)).rejects.toThrow(
      incompatible('key groups was 16, is 32'),
    );
    await loadChunks(declaring({ a: 'box:1', b: 'box:1', c: 'new:1' }), refs, stores.blobs);
  });
  it('refuses a chunk that is missing, changed or another than the manifest lists', async () => {
    const damaged = expect.objectContaining({ code: 'E_STATE_DAMAGED', message: expect.stringContaining(refs[0]!.id) });
    const restore = (list: readonly ChunkRef[]): Promise<void> => loadChunks(boxState().state, list, stores.blobs);
    await expect(restore(refs.map((ref) => ({ ...ref, crc: ref.crc ^ 1 })))).rejects.toThrow(damaged);
    await expect(restore(refs.map((ref) => ({ ...ref, bytes: ref.bytes + 1 })))).rejects.toThrow(damaged);
    await expect(restore(refs.map((ref) => ({ ...ref, operator: 'other' })))).rejects.toThrow(damaged);
    disk.blobs.get(refs[0]!.id)!.bytes[20]! ^= 1;
    await expect(restore(refs)).rejects.toThrow(damaged);
    disk.blobs.delete(refs[0]!.id);
    await expect(restore(refs)).rejects.toThrow(damaged);
  });
});

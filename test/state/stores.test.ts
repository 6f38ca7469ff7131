import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemoryDisk, openLevelStores, openMemoryStores } from '../../src/state/index.ts';
import { describeStores } from './store-contract.ts';

describeStores('stores in memory', async () => {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStores(disk), dispose: async () => undefined };
});

describeStores('stores in LevelDB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-stores-'));
  return { open: () => openLevelStores(directory), dispose: () => rm(directory, { recursive: true, force: true }) };
});

it('S2: a memory disk that was edited is found out', async () => {
  const disk = new MemoryDisk();
  const stores = openMemoryStores(disk);
  const value = new Uint8Array([1, 2, 3]);
  await stores.blobs.put('blob', value);
  await stores.pointers.compareAndSet('cell', 0, value);
  await stores.journal.append('in', [value]);
  disk.blobs.get('blob')!.bytes[1] = 9;
  disk.cells.get('cell')!.bytes[1] = 9;
  disk.journals.get('in')!.entries.get(0)!.bytes[1] = 9;
  await expect(stores.blobs.get('blob')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  await expect(stores.pointers.read('cell')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
  await expect(stores.journal.read('in', 0, 1)).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { WeirError } from '../../../src/core/index.ts';
import { serveStores, storesOverPort } from '../../../src/runtime/threads/stores-over-port.ts';
import { type JobStores, MemoryDisk, openLevelStores, openMemoryStores } from '../../../src/state/index.ts';
import { describeStores } from '../../state/store-contract.ts';

/** The same stores as another thread has them, but that it is this one. */
function overPort(stores: JobStores): JobStores {
  const { port1, port2 } = new MessageChannel();
  serveStores(stores, port1);
  const over = storesOverPort(port2, stores.guarantee);
  const close = async (): Promise<void> => {
    await over.close();
    await stores.close();
  };
  return { ...over, close };
}

describeStores('stores in LevelDB, over a port', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-stores-'));
  return {
    open: async () => overPort(await openLevelStores(directory)),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

test('an error of the stores comes with its code, its hint and whether trying again can help', async () => {
  const { blobs, ...others } = openMemoryStores(new MemoryDisk());
  const full = new WeirError('E_STORE', 'the disk is full', { hint: 'make room', retry: 'backoff' });
  const stores = overPort({ ...others, blobs: { ...blobs, list: () => Promise.reject(full) } });
  const { code, message, hint, retry } = full;
  await expect(stores.blobs.list('')).rejects.toMatchObject({ code, message, hint, retry });
  await stores.close();
});

test('a part of some memory is put without the rest, and stays with its owner', async () => {
  const received: Uint8Array[] = [];
  const { blobs, ...others } = openMemoryStores(new MemoryDisk());
  const stores = overPort({ ...others, blobs: { ...blobs, put: async (_, bytes) => void received.push(bytes) } });
  const whole = new Uint8Array(1000).fill(7);
  await stores.blobs.put('a', whole.subarray(10, 20));
  expect([received.map((bytes) => [bytes.length, bytes.buffer.byteLength]), whole.every((byte) => byte === 7)]).toEqual([
    [[10, 10]],
    true,
  ]);
  await stores.close();
});

test('calls that wait when the other thread ends are refused', async () => {
  const { port1, port2 } = new MessageChannel();
  const stores = storesOverPort(port2, '');
  const put = stores.blobs.put('a', new Uint8Array(1));
  port1.close();
  await expect(put).rejects.toMatchObject({ code: 'E_STORE', message: 'the store is closed' });
});

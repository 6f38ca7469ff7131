import { beforeEach, describe, expect, test, vi } from 'vitest';
import { WeirError } from '../../src/core/index.ts';
import { type BlobStore, cachedBlobs, dropOtherLives, MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { describeBlobs } from './blob-contract.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const said = (value: Uint8Array): string => new TextDecoder().decode(value);

interface Side {
  readonly disk: MemoryDisk;
  readonly blobs: BlobStore;
  readonly calls: string[];
  failing: boolean;
}

function side(): Side {
  const disk = new MemoryDisk();
  const { blobs } = openMemoryStores(disk);
  const calls: string[] = [];
  const call = async <T>(what: string, go: () => Promise<T>): Promise<T> => {
    calls.push(what);
    if (made.failing) throw new WeirError('E_STORE', 'the disk is gone');
    return go();
  };
  const made: Side = {
    disk,
    calls,
    failing: false,
    blobs: {
      put: (id, value) => call(`put ${id}`, () => blobs.put(id, value)),
      get: (id) => call(`get ${id}`, () => blobs.get(id)),
      list: (prefix) => call(`list ${prefix}`, () => blobs.list(prefix)),
      delete: (ids) => call(`delete ${ids.join(' ')}`, () => blobs.delete(ids)),
    },
  };
  return made;
}

describe('blobs with copies nearby', () => {
  let [local, remote] = [side(), side()];
  let blobs: BlobStore;
  beforeEach(() => {
    [local, remote] = [side(), side()];
    blobs = cachedBlobs(local.blobs, remote.blobs, 'life-1');
  });

  /** Whoever reads does not wait for the copy. */
  const copied = (id: string, value: string): Promise<void> =>
    vi.waitFor(() => expect(said(local.disk.blobs.get(`life-1/${id}`)?.bytes ?? bytes('none'))).toBe(value));

  describeBlobs(
    () => blobs,
    async () => void (blobs = cachedBlobs(local.blobs, remote.blobs, 'life-1')),
  );

  describe('whose copies cannot be used', () => {
    beforeEach(() => {
      local.failing = true;
    });
    describeBlobs(
      () => blobs,
      async () => {},
    );
  });

  test('are read from the copy, and fetched once where there is none', async () => {
    await blobs.put('mine', bytes('x'));
    await remote.blobs.put('of-another', bytes('y'));
    remote.calls.length = 0;
    for (let i = 0; i < 3; i++) {
      expect(said(await blobs.get('mine'))).toBe('x');
      expect(said(await blobs.get('of-another'))).toBe('y');
      await copied('of-another', 'y');
    }
    expect(remote.calls).toEqual(['get of-another']);
  });

  test('are made of what was read once nothing is read any more', async () => {
    for (const id of ['x', 'y']) await remote.blobs.put(id, bytes(id));
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const get = async (id: string): Promise<Uint8Array> => {
      if (id === 'y') await answered;
      return remote.blobs.get(id);
    };
    blobs = cachedBlobs(local.blobs, { ...remote.blobs, get }, 'life-1');
    const reading = blobs.get('y');
    await blobs.get('x');
    await new Promise((resolve) => setImmediate(resolve));
    expect([...local.disk.blobs.keys()]).toEqual([]);
    answer();
    await reading;
    for (const id of ['x', 'y']) await copied(id, id);
  });

  test('S2, CB1: are read from the remote store if the copy was changed, which is then replaced', async () => {
    await blobs.put('x', bytes('value'));
    local.disk.blobs.get('life-1/x')!.bytes[0]! ^= 1;
    remote.calls.length = 0;
    expect(said(await blobs.get('x'))).toBe('value');
    await copied('x', 'value');
    expect(said(await blobs.get('x'))).toBe('value');
    expect(remote.calls).toEqual(['get x']);
  });

  test('CB1: are put, read and deleted while the local store fails, and copies that should be gone are not read afterwards', async () => {
    await blobs.put('x', bytes('old'));
    local.failing = true;
    await blobs.delete(['x']);
    await blobs.put('x', bytes('new'));
    expect(said(await blobs.get('x'))).toBe('new');
    local.failing = false;
    expect(said(await blobs.get('x'))).toBe('new');
    await copied('x', 'new');
  });

  test('are not copied before the remote store has them, nor if it refuses them', async () => {
    await remote.blobs.put('x', bytes('first'));
    await expect(blobs.put('x', bytes('second'))).rejects.toMatchObject({ code: 'E_INTERNAL' });
    remote.failing = true;
    await expect(blobs.put('y', bytes('z'))).rejects.toMatchObject({ code: 'E_STORE' });
    expect([...local.disk.blobs.keys()]).toEqual([]);
    await expect(blobs.get('x')).rejects.toMatchObject({ code: 'E_STORE' });
  });

  test('CB2: of a job that was forgotten are not read by the one that gives their ids out again', async () => {
    await blobs.put('manifest/1', bytes('of the first life'));
    await remote.blobs.delete(['manifest/1']);
    const next = cachedBlobs(local.blobs, remote.blobs, 'life-2');
    await expect(next.get('manifest/1')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    await next.put('manifest/1', bytes('of the second'));
    expect(said(await next.get('manifest/1'))).toBe('of the second');
    await dropOtherLives(local.blobs, 'life-2');
    expect([...local.disk.blobs.keys()]).toEqual(['life-2/manifest/1']);
    local.failing = true;
    await dropOtherLives(local.blobs, 'life-3');
  });
});

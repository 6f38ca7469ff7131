import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/core/index.ts';
import { type BlobStore, openDirectoryBlobs } from '../../../src/state/index.ts';
import { describeBlobs } from '../blob-contract.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const said = (value: Uint8Array): string => new TextDecoder().decode(value);

describe('a directory', () => {
  let directory = '';
  let blobs: BlobStore;
  let seed = 0;
  const reopen = async (): Promise<void> => {
    blobs = await openDirectoryBlobs(join(directory, 'shared', 'blobs'), seededRandom(seed++));
  };
  const files = async (): Promise<readonly string[]> =>
    (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-blobs-'));
    await reopen();
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  describeBlobs(() => blobs, reopen);

  test('is readable by nobody else, and holds nothing besides', async () => {
    await blobs.put('a/b', bytes('x'));
    const [file, ...others] = await files();
    expect(others).toEqual([]);
    expect((await stat(file!)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'shared'))).mode & 0o777).toBe(0o700);
  });

  test('keeps apart what only looks like a path upwards, or like a folder', async () => {
    const ids = ['..', '../..', '../a', '.', './a', 'a', 'a/a', 'a/.', '.../a'];
    for (const id of ids) await blobs.put(id, bytes(id));
    expect(await blobs.list('')).toEqual([...ids].sort());
    for (const id of ids) expect(said(await blobs.get(id))).toBe(id);
    expect((await files()).every((file) => file.startsWith(join(directory, 'shared', 'blobs')))).toBe(true);
    expect(await readdir(directory)).toEqual(['shared']);
  });

  test('S2: finds a flipped bit, a cut file, and one under the name of another', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await blobs.put(id, bytes('some value'));
    const file = (id: string): string => join(directory, 'shared', 'blobs', `${id}=blob`);
    const stored = await readFile(file('a'));
    stored[35]! ^= 1;
    await writeFile(file('a'), stored);
    await writeFile(file('b'), (await readFile(file('b'))).subarray(0, 40));
    await writeFile(file('c'), await readFile(file('d')));
    await writeFile(file('d'), '');
    for (const id of ['a', 'b', 'c', 'd']) {
      await expect(blobs.get(id)).rejects.toMatchObject({
        code: 'E_STATE_DAMAGED',
        message: expect.stringContaining(`blob ${id}`),
      });
      await expect(blobs.put(id, bytes('some value'))).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    }
  });

  test('DB1: what a kill left unfinished is no blob, is listed, and goes when it is deleted', async () => {
    await mkdir(join(directory, 'shared', 'blobs', 'a'));
    await writeFile(join(directory, 'shared', 'blobs', 'a', 'b=new-0123'), 'half a bl');
    expect(await blobs.list('a/')).toEqual(['a/b']);
    await expect(blobs.get('a/b')).rejects.toMatchObject({ code: 'E_STATE_DAMAGED' });
    await blobs.put('a/b', bytes('whole'));
    expect(said(await blobs.get('a/b'))).toBe('whole');
    await blobs.delete(await blobs.list(''));
    expect(await files()).toEqual([]);
  });

  test('that cannot be written is the fault of the disk, and leaves nothing behind', async () => {
    const blocked = join(directory, 'shared', 'blobs', 'a');
    await writeFile(blocked, 'a file where a folder should be');
    await expect(blobs.put('a/b', bytes('x'))).rejects.toMatchObject({ code: 'E_STORE' });
    expect(await files()).toEqual([blocked]);
    await expect(openDirectoryBlobs(join(blocked, 'under'), seededRandom(1))).rejects.toMatchObject({ code: 'E_STORE' });
  });
});

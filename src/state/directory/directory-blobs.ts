/**
 * Blobs as plain files in a directory, which machines may share.
 *
 * Owns: files that appear whole or not at all: written under another name, synced, renamed, and the rename synced. What a kill leaves
 * under the other name is listed like its blob, so that whoever sweeps finds it.
 * Invariants: DB1 a file under a blob's name is whole; S2, S6 as of every store.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invariant, type Random, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { BlobStore } from '../ports.ts';
import { Turns } from '../turns.ts';
import { fromFile, toFile } from './blob-file.ts';
import { blobIdOf, blobPath } from './blob-path.ts';

/** @throws WeirError `E_STORE` if the directory is not there and cannot be made */
export async function openDirectoryBlobs(directory: string, random: Random): Promise<BlobStore> {
  const blobs = new DirectoryBlobs(directory, random);
  await blobs.prepare();
  return blobs;
}

class DirectoryBlobs implements BlobStore {
  readonly #directory: string;
  readonly #random: Random;
  readonly #turns = new Turns();
  /** Folders that are on disk. */
  readonly #made = new Set<string>();

  constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#random = random;
  }

  async prepare(): Promise<void> {
    await onDisk(`make ${this.#directory}`, () => mkdir(this.#directory, { recursive: true, mode: 0o700 }));
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    await this.#turns.run(checkStoreName(id), async () => {
      const known = await this.#read(id);
      invariant(known === null || Buffer.compare(known, bytes) === 0, `S6: blob ${id} is put again with other bytes`);
      if (known === null) await onDisk(`put blob ${id}`, () => this.#write(id, bytes));
    });
  }

  async get(id: string): Promise<Uint8Array> {
    const bytes = await this.#read(id);
    if (bytes === null) throw new WeirError('E_STATE_DAMAGED', `blob ${id} is missing in ${this.#directory}`);
    return bytes;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const ids = new Set<string>();
    await onDisk(`list blobs ${prefix}`, () => this.#walk([], ids));
    return [...ids].filter((id) => id.startsWith(prefix)).sort();
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const { folders, file, unfinished } = blobPath(id);
      const folder = join(this.#directory, ...folders);
      await onDisk(`delete blob ${id}`, async () => {
        const there = await namesIn(folder);
        const own = there.filter((name) => name === file || name.startsWith(unfinished));
        await Promise.all(own.map((name) => rm(join(folder, name), { force: true })));
      });
    }
  }

  async #read(id: string): Promise<Uint8Array | null> {
    const { folders, file } = blobPath(id);
    const path = join(this.#directory, ...folders, file);
    const found = await onDisk(`blob ${id}`, () => readFile(path).catch(missing));
    if (found === null) return null;
    const bytes = fromFile(id, found);
    if (bytes === undefined) throw new WeirError('E_STATE_DAMAGED', `blob ${id} was changed: the checksum of ${path} is wrong`);
    return bytes;
  }

  async #write(id: string, bytes: Uint8Array): Promise<void> {
    const { folders, file, unfinished } = blobPath(id);
    const folder = await this.#makeFolders(folders);
    const path = join(folder, `${unfinished}${this.#random.id()}`);
    try {
      await using(await open(path, 'wx', 0o600), async (handle) => {
        for (const part of toFile(id, bytes)) await handle.writeFile(part);
        await handle.sync();
      });
      await rename(path, join(folder, file)); // DB1
      await syncFolder(folder);
    } catch (thrown) {
      await rm(path, { force: true }).catch(() => undefined); // the first error is the one to tell
      throw thrown;
    }
  }

  async #makeFolders(folders: readonly string[]): Promise<string> {
    let path = this.#directory;
    for (const folder of folders) {
      path = join(path, folder);
      if (this.#made.has(path)) continue;
      await mkdir(path, { recursive: true, mode: 0o700 });
      await syncFolder(dirname(path));
      this.#made.add(path);
    }
    return path;
  }

  async #walk(folders: readonly string[], ids: Set<string>): Promise<void> {
    for (const entry of await readdir(join(this.#directory, ...folders), { withFileTypes: true })) {
      if (entry.isDirectory()) await this.#walk([...folders, entry.name], ids);
      const id = entry.isFile() ? blobIdOf(folders, entry.name) : undefined;
      if (id !== undefined) ids.add(id);
    }
  }
}

async function onDisk<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (thrown) {
    throw WeirError.from(thrown, 'E_STORE', what);
  }
}

async function syncFolder(path: string): Promise<void> {
  await using(await open(path, 'r'), (handle) => handle.sync());
}

async function using(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(missing)) ?? [];
}

function missing(thrown: unknown): null {
  if ((thrown as { code?: string }).code === 'ENOENT') return null;
  throw thrown;
}

/**
 * Blobs that are kept in one store and copied into a nearer one.
 *
 * Owns: the copies. Whatever goes wrong with them, the remote store decides: a copy is made after it has taken the blob, read if its
 * checksum is right, and replaced if not. Others delete from the remote store, too, so now and then copies of what is gone go.
 * Invariants: CB1 no failure of the local store reaches the caller; CB2 copies of another life are never read: a job that was forgotten
 * gives its ids out anew.
 */
import { checkStoreName } from './blob-id.ts';
import type { BlobStore } from './ports.ts';

/** @param life of the remote store: another one once what it held was forgotten */
export function cachedBlobs(local: BlobStore, remote: BlobStore, life: string): BlobStore {
  return new CachedBlobs(local, remote, `${checkStoreName(life)}/`);
}

/** Deletes copies that no `cachedBlobs` of this life will read. Never rejects: what stays takes space and does no harm. */
export async function dropOtherLives(local: BlobStore, life: string): Promise<void> {
  try {
    await local.delete((await local.list('')).filter((id) => !id.startsWith(`${life}/`)));
  } catch {
    // CB1
  }
}

/** Of what waits to be copied; what is more is copied at once. */
const laterBytesMax = 64 * 2 ** 20;
/** Copies made from one look for outdated ones to the next. */
const sweepEvery = 64;

class CachedBlobs implements BlobStore {
  readonly #local: BlobStore;
  readonly #remote: BlobStore;
  readonly #prefix: string;
  /** Those whose copy should be gone, and may be there. */
  readonly #outdated = new Set<string>();
  #made = 0;
  /** What was read and is to be copied once nothing is read any more. */
  readonly #later: { readonly id: string; readonly bytes: Uint8Array }[] = [];
  #laterBytes = 0;
  #reading = 0;
  #isKeeping = false;

  constructor(local: BlobStore, remote: BlobStore, prefix: string) {
    this.#local = local;
    this.#remote = remote;
    this.#prefix = prefix;
  }

  async put(id: string, bytes: Uint8Array): Promise<void> {
    await this.#remote.put(id, bytes);
    await this.#keep(id, bytes);
  }

  async get(id: string): Promise<Uint8Array> {
    this.#reading++;
    try {
      return await this.#get(id);
    } finally {
      this.#reading--;
      if (this.#reading === 0) void this.#keepNow();
    }
  }

  async #get(id: string): Promise<Uint8Array> {
    const copy = this.#outdated.has(id) ? null : await this.#local.get(this.#copyOf(id)).catch(() => null);
    if (copy !== null) return copy;
    const bytes = await this.#remote.get(id);
    this.#keepLater(id, bytes);
    return bytes;
  }

  /** Whoever restores waits neither for copies nor for the disk and the processor that they take. */
  #keepLater(id: string, bytes: Uint8Array): void {
    if (this.#laterBytes + bytes.length > laterBytesMax) return void this.#keep(id, bytes);
    this.#later.push({ id, bytes: bytes.slice() }); // its reader may change it
    this.#laterBytes += bytes.length;
  }

  async #keepNow(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    while (this.#reading === 0) {
      const next = this.#later.shift();
      if (next === undefined) break;
      this.#laterBytes -= next.bytes.length;
      await this.#keep(next.id, next.bytes);
    }
    this.#isKeeping = false;
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#remote.list(prefix);
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#remote.delete(ids);
    await this.#drop(ids);
  }

  async #keep(id: string, bytes: Uint8Array): Promise<void> {
    const copy = async (): Promise<boolean> => {
      if (this.#outdated.has(id)) return false;
      return this.#local.put(this.#copyOf(id), bytes).then(
        () => true,
        () => false,
      );
    };
    // One that is damaged is in the way of its successor.
    if (!(await copy())) {
      await this.#drop([id]);
      await copy();
    }
    if (++this.#made % sweepEvery === 0) await this.#sweep();
  }

  async #drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#outdated.add(id);
    try {
      await this.#local.delete(ids.map((id) => this.#copyOf(id)));
      for (const id of ids) this.#outdated.delete(id);
    } catch {
      // CB1: they stay outdated.
    }
  }

  /** What is copied was in the remote store before: looked at afterwards, it is there unless it was deleted. */
  async #sweep(): Promise<void> {
    try {
      const copies = await this.#local.list(this.#prefix);
      const there = new Set((await this.#remote.list('')).map((id) => this.#copyOf(id)));
      await this.#local.delete(copies.filter((copy) => !there.has(copy)));
    } catch {
      // CB1
    }
  }

  #copyOf(id: string): string {
    return `${this.#prefix}${id}`;
  }
}

/**
 * Blobs that a process has written or read, and may read again, kept in its memory.
 *
 * Owns: the copies. One is taken while there is room, and goes when nobody needs it any more (`retain`): none is pushed out by another,
 * for a restore reads them all in turn, and would then find none of a state that is larger than the room.
 * Invariants: RB1 copies never take more than `bytesMax`; RB2 copies of another life are never read: a job that was forgotten gives its
 * ids out anew.
 */
import type { BlobStore } from './ports.ts';

export class RecentBlobs {
  readonly #bytesMax: number;
  readonly #copies = new Map<string, Uint8Array>();
  #bytes = 0;
  #life = '';

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The same store; what is read of it a second time comes from memory. @param life of it: another one once what it held was forgotten */
  over(remote: BlobStore, life: string): BlobStore {
    if (life !== this.#life) this.#dropAll(); // RB2
    this.#life = life;
    const keep = (id: string, bytes: Uint8Array): void => (life === this.#life ? this.#keep(id, bytes) : undefined);
    const store: BlobStore = {
      put: async (id, bytes) => {
        const copy = bytes.slice(); // its owner may change it meanwhile
        await remote.put(id, copy);
        keep(id, copy);
      },
      get: async (id) => {
        const copy = life === this.#life ? this.#copies.get(id) : undefined;
        if (copy !== undefined) return copy.slice();
        const bytes = await remote.get(id);
        keep(id, bytes.slice());
        return bytes;
      },
      list: (prefix) => remote.list(prefix),
      delete: async (ids) => {
        await remote.delete(ids);
        if (life === this.#life) for (const id of ids) this.#drop(id);
      },
      retain: (ids) => {
        if (life === this.#life) for (const id of [...this.#copies.keys()]) if (!ids.has(id)) this.#drop(id);
      },
      warm: async (ids, signal) => {
        if (!signal.aborted) store.retain!(new Set(ids));
        for (const id of ids) {
          if (signal.aborted) return;
          if (this.#copies.has(id)) continue;
          await store.get(id);
          if (!this.#copies.has(id)) return; // there is no room
        }
      },
    };
    return store;
  }

  #keep(id: string, bytes: Uint8Array): void {
    if (this.#copies.has(id) || this.#bytes + bytes.length > this.#bytesMax) return; // RB1
    this.#copies.set(id, bytes);
    this.#bytes += bytes.length;
  }

  #drop(id: string): void {
    this.#bytes -= this.#copies.get(id)?.length ?? 0;
    this.#copies.delete(id);
  }

  #dropAll(): void {
    this.#copies.clear();
    this.#bytes = 0;
  }
}

/**
 * Blobs that a process has written or read, and may read again, kept in its memory.
 *
 * Owns: the copies. One is taken while there is room, and goes when nobody needs it any more (`retain`): none is pushed out by another,
 * for a restore reads them all in turn, and would then find none of a state that is larger than the room.
 * Invariants: RB1 copies never take more than `bytesMax`; RB2 copies of another life are never read: a job that was forgotten gives its
 * ids out anew.
 */
import type { BlobStore } from './ports.ts';

/** Blobs that are under way, of those that are read ahead: work goes on beside it. */
const warmAtOnce = 4;

export class RecentBlobs {
  readonly #bytesMax: number;
  readonly #copies = new Map<string, Uint8Array>();
  #bytes = 0;
  /** Of the last blob that there was no room for. */
  #refused = 0;
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
        const copy = store.view!(id);
        if (copy !== undefined) return copy.slice();
        const bytes = await remote.get(id);
        keep(id, bytes.slice());
        return bytes;
      },
      view: (id) => (life === this.#life ? this.#copies.get(id) : undefined),
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
        if (!this.#hasRoom) return; // or what does not fit would be read each time
        const missing = ids.filter((id) => !this.#copies.has(id));
        let next = 0;
        const one = async (): Promise<void> => {
          while (next < missing.length && !signal.aborted) {
            const id = missing[next++]!;
            keep(id, await remote.get(id));
            if (!this.#copies.has(id)) next = missing.length; // there is no room
          }
        };
        await Promise.all(Array.from({ length: Math.min(warmAtOnce, missing.length) }, one));
      },
    };
    return store;
  }

  /** For one like that which there was none for last. */
  get #hasRoom(): boolean {
    return this.#bytes + this.#refused <= this.#bytesMax;
  }

  #keep(id: string, bytes: Uint8Array): void {
    if (this.#copies.has(id)) return;
    if (this.#bytes + bytes.length > this.#bytesMax) {
      this.#refused = bytes.length; // RB1
      return;
    }
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

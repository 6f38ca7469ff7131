/**
 * What a store in memory keeps when it is closed and opened again: the disk of tests and of the simulator.
 *
 * Owns: the bytes. Does not own: their meaning (memory-stores.ts). The maps are open on purpose: a test edits them to see
 * damage found, and every value has its checksum beside it, as on a real disk.
 */
import { crc32 } from 'node:zlib';

export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly crc: number;
}
export interface StoredCell extends StoredBytes {
  readonly revision: number;
}
export interface StoredJournal {
  /** Entries below were released. */
  first: number;
  end: number;
  readonly entries: Map<number, StoredBytes>;
}

export class MemoryDisk {
  readonly blobs: Map<string, StoredBytes> = new Map();
  readonly cells: Map<string, StoredCell> = new Map();
  readonly journals: Map<string, StoredJournal> = new Map();

  /** Bytes that the blobs hold, for size tests. */
  get blobBytes(): number {
    let sum = 0;
    for (const blob of this.blobs.values()) sum += blob.bytes.length;
    return sum;
  }

  /** Another disk that holds the same. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [id, blob] of this.blobs) copy.blobs.set(id, blob);
    for (const [name, cell] of this.cells) copy.cells.set(name, cell);
    for (const [name, journal] of this.journals) copy.journals.set(name, { ...journal, entries: new Map(journal.entries) });
    return copy;
  }
}

/** A copy, so that nobody changes the disk by changing what he wrote or read. */
export function stored(bytes: Uint8Array): StoredBytes {
  const copy = bytes.slice();
  return { bytes: copy, crc: crc32(copy) };
}

export function intact(stored: StoredBytes): boolean {
  return crc32(stored.bytes) === stored.crc;
}

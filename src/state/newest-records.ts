/**
 * The newest word on every key of one namespace, as bytes: records are compared and moved without being read.
 *
 * Owns: copies of the records that count, and a table of their keys (open addressing). A key's bytes are what its writer makes of it, so
 * equal keys have equal bytes. Invariants: S28 (rewrite-chunks.ts).
 */
import { copyBytes } from '../batch/index.ts';
import { recordKind, type RecordReader } from './state-record.ts';

const firstBytes = 256;
const firstRecords = 8;
/** Numbers for each record: its kind, where it begins, where its key ends, where it ends. */
const width = 4;

export class NewestRecords {
  #bytes: Uint8Array = new Uint8Array(firstBytes);
  #length = 0;
  #records: Int32Array = new Int32Array(firstRecords * width);
  #count = 0;
  /** Records by hash of their keys, 1 + index; twice as many as records at least. */
  #slots: Int32Array = new Int32Array(firstRecords * 2);

  /** The record that was skimmed, unless there is a newer one of its key. */
  addOlder({ kind, bytes, from, keyEnd, to }: RecordReader): void {
    const slot = this.#slotOf(bytes, from, keyEnd);
    if (this.#slots[slot] !== 0) return;
    const start = this.#keep(bytes, from, to);
    const at = this.#count * width;
    if (at === this.#records.length) this.#records = doubled(this.#records);
    this.#records[at] = kind;
    this.#records[at + 1] = start;
    this.#records[at + 2] = start + keyEnd - from;
    this.#records[at + 3] = this.#length;
    this.#slots[slot] = ++this.#count;
    if (this.#count * 2 > this.#slots.length) this.#spread();
  }

  /** Each record, the newest section's first. */
  each(tombstones: boolean, take: (kind: number, bytes: Uint8Array, from: number, to: number) => void): void {
    for (let at = 0; at < this.#count * width; at += width) {
      const kind = this.#records[at]!;
      if (tombstones || kind === recordKind.put) take(kind, this.#bytes, this.#records[at + 1]!, this.#records[at + 3]!);
    }
  }

  /** Where the key is, or where there is room for it. */
  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot]!;
      if (known === 0 || this.#isKey((known - 1) * width, bytes, from, to)) return slot;
    }
  }

  #isKey(at: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#records[at + 1]!;
    if (this.#records[at + 2]! - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (this.#bytes[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #keep(bytes: Uint8Array, from: number, to: number): number {
    const start = this.#length;
    const end = start + to - from;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    copyBytes(bytes, from, to, this.#bytes, start);
    this.#length = end;
    return start;
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.#count; i++) {
      const at = i * width;
      let slot = hashOf(this.#bytes, this.#records[at + 1]!, this.#records[at + 2]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i + 1;
    }
  }
}

/** FNV-1a, its bits mixed once more: slots are taken by the lowest. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function doubled(values: Int32Array): Int32Array {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

/**
 * The rows of one namespace of a log: bytes, and an index of keys.
 *
 * Owns: their layout. A row is a head of `headBytes`, and the record that a snapshot holds of it: so that writing one is a copy. Records are told from each
 * other by numbers, which rise within a key group from 0, and the bytes of a number are the record's key. The index leads to the first row of a key; from
 * there each row leads to the next. Does not own: what a snapshot holds (row-log.ts).
 * Invariants: S37 the rows of a key are linked in the order in which they were added; S38 the numbers of a group are 0 to n - 1.
 */
import { copyBytes, hashBytes, type KeyBytes, type Memory } from '../batch/index.ts';
import { Arena, type FreeSegments, offsetOf } from './arena.ts';
import { isKey, KeyIndex, type KeyPlaces } from './key-index.ts';
import { numberBytes, putNumber, putVarint, varintBytes } from './record-numbers.ts';
import { TableSpace } from './space-table.ts';

/** In a row's head, each 4 bytes: its size, the hash of its key, the next row of the key, and of a key's first row the last one; */
const hashAt = 4;
const nextAt = 8;
const lastAt = 12;
/** its number, the generations in which it was added and marked (0: not); */
const numberAt = 16;
const bornAt = 20;
const markedAt = 24;
/** how long its key is, and in 2 bytes its group, and in one where the key begins. */
const keyLengthAt = 28;
const groupAt = 32;
const keyFromAt = 34;
const headBytes = 36;

/** Rows of one generation: they lie one behind the other. */
export interface Added {
  readonly space: RowSpace;
  /** The first of them, and how many they are. */
  readonly first: number;
  readonly count: number;
}

export class RowSpace extends TableSpace implements KeyPlaces {
  /** What was added since `takeAdded` was asked last. */
  #addedFirst = 0;
  #addedCount = 0;
  readonly #arena: Arena;
  readonly #keys: KeyIndex = new KeyIndex(this);

  /** @param owned key groups, as [from, to) */
  constructor(namespace: number, born: number, owned: readonly [number, number], free: FreeSegments) {
    super(namespace, born, owned);
    this.#arena = new Arena(free);
  }

  // ── rows that are there

  /** The first row of a key, 0 = there is none. */
  first({ bytes, length, hash }: KeyBytes): number {
    return this.#keys.find(bytes, 0, length, hash);
  }

  /** The next row of the same key. */
  next(row: number): number {
    return this.memoryOf(row).view.getInt32(offsetOf(row) + nextAt, true);
  }

  memoryOf(row: number): Memory {
    return this.#arena.memoryOf(row);
  }

  /** Where in its memory the bytes of a row begin. */
  bytesOf(row: number): number {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    return at + bytes[at + keyFromAt]! + view.getUint32(at + keyLengthAt, true) + 1;
  }

  groupOf(row: number): number {
    return this.memoryOf(row).view.getUint16(offsetOf(row) + groupAt, true);
  }

  keyOf(row: number): string {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    const from = at + bytes[at + keyFromAt]!;
    return bytes.latin1Slice(from, from + view.getUint32(at + keyLengthAt, true));
  }

  /** The generation in which a row was marked, 0 = it was not. */
  markedIn(row: number): number {
    return this.memoryOf(row).view.getUint32(offsetOf(row) + markedAt, true);
  }

  bornIn(row: number): number {
    return this.memoryOf(row).view.getUint32(offsetOf(row) + bornAt, true);
  }

  mark(row: number, generation: number): void {
    this.memoryOf(row).view.setUint32(offsetOf(row) + markedAt, generation, true);
  }

  /** All rows, in the order in which they were added. */
  *rows(): Generator<number, void> {
    for (let row = 1, left = this.size; left > 0; left--, row = this.after(row)) yield row;
  }

  /** The row that was added behind this one, which is not the last. */
  after(row: number): number {
    return this.#arena.after(row, this.memoryOf(row).view.getUint32(offsetOf(row), true));
  }

  /** Gives the record of a row the mark that it had in a generation. @returns where in its memory the record begins */
  seal(row: number, generation: number): number {
    const marked = this.markedIn(row);
    this.memoryOf(row).bytes[this.bytesOf(row) - 1] = marked !== 0 && marked <= generation ? 1 : 0;
    return offsetOf(row) + headBytes;
  }

  /** Where in its memory a row ends. */
  endOf(row: number): number {
    const at = offsetOf(row);
    return at + this.memoryOf(row).view.getUint32(at, true);
  }

  // ── rows that come

  /** Adds a row of a key in a generation, but for its bytes, which are to be written at once where `bytesOf` says. */
  add({ bytes, length, hash }: KeyBytes, group: number, own: number, generation: number): number {
    const bit = group - this.firstGroup;
    const row = this.#write(bytes, 0, length, hash, group, this.numbers[bit]!++, own);
    const { view } = this.memoryOf(row);
    const at = offsetOf(row);
    view.setUint32(at + bornAt, generation, true);
    if (this.#addedCount++ === 0) this.#addedFirst = row;
    this.touchedIn = generation;
    this.#link(row);
    return row;
  }

  /** A row of a snapshot, its bytes as `add` says. All of them are there once `linkAll` is called. */
  load(key: Uint8Array, from: number, to: number, group: number, number: number, own: number): number {
    const bit = group - this.firstGroup;
    this.numbers[bit] = Math.max(this.numbers[bit]!, number + 1);
    return this.#write(key, from, to, hashBytes(key, from, to) | 0, group, number, own);
  }

  /** Links rows that were loaded. @returns false: some are missing */
  linkAll(): boolean {
    const starts = new Float64Array(this.numbers.length);
    let count = 0;
    for (let bit = 0; bit < starts.length; bit++) {
      starts[bit] = count;
      count += this.numbers[bit]!;
    }
    if (count !== this.size) return false;
    const rows = new Int32Array(count);
    for (const row of this.rows()) rows[starts[this.groupOf(row) - this.firstGroup]! + this.#numberOf(row)] = row;
    if (rows.includes(0)) return false;
    for (const row of rows) this.#link(row);
    return true;
  }

  /** Rows were added since `takeAdded` was asked last. */
  get isGrown(): boolean {
    return this.#addedCount > 0;
  }

  /** What has been added since it was asked last. */
  takeAdded(): Added {
    const added = { space: this, first: this.#addedFirst, count: this.#addedCount };
    this.#addedCount = 0;
    return added;
  }

  #numberOf(row: number): number {
    return this.memoryOf(row).view.getUint32(offsetOf(row) + numberAt, true);
  }

  #write(key: Uint8Array, from: number, to: number, hash: number, group: number, number: number, own: number): number {
    const keyBytes = to - from;
    const value = varintBytes(keyBytes) + keyBytes + 1 + own;
    const size = headBytes + numberBytes(number) + varintBytes(value) + value;
    const row = this.#arena.take(size);
    const at = offsetOf(row);
    const { bytes, view } = this.memoryOf(row);
    view.setUint32(at, size, true);
    view.setInt32(at + hashAt, hash, true);
    view.setInt32(at + nextAt, 0, true);
    view.setInt32(at + lastAt, 0, true);
    view.setUint32(at + numberAt, number, true);
    view.setUint32(at + bornAt, 0, true);
    view.setUint32(at + markedAt, 0, true);
    view.setUint32(at + keyLengthAt, keyBytes, true);
    view.setUint16(at + groupAt, group, true);
    let place = putNumber(bytes, at + headBytes, number);
    place = putVarint(bytes, place, value);
    place = putVarint(bytes, place, keyBytes);
    bytes[at + keyFromAt] = place - at;
    copyBytes(key, from, to, bytes, place);
    this.size++;
    return row;
  }

  /** Puts a row behind those of its key. */
  #link(row: number): void {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    const hash = view.getInt32(at + hashAt, true);
    const from = at + bytes[at + keyFromAt]!;
    const first = this.#keys.find(bytes, from, from + view.getUint32(at + keyLengthAt, true), hash);
    if (first === 0) {
      view.setInt32(at + lastAt, row, true);
      this.#keys.add(hash, row);
      return;
    }
    const head = this.memoryOf(first).view;
    const last = head.getInt32(offsetOf(first) + lastAt, true);
    this.memoryOf(last).view.setInt32(offsetOf(last) + nextAt, row, true);
    head.setInt32(offsetOf(first) + lastAt, row, true);
  }

  release(): void {
    this.#arena.release();
  }

  isOf(row: number, key: Uint8Array, from: number, to: number): boolean {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    if (view.getUint32(at + keyLengthAt, true) !== to - from) return false;
    return isKey(bytes, at + bytes[at + keyFromAt]!, key, from, to);
  }
}

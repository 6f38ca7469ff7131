/**
 * The rows of one namespace that are ranked by key: bytes, an index of keys, and of each key its rows, the last one first.
 *
 * Owns: their layout, keys and rows apart. A row lies in a block, which another row takes over where it fits; blocks that have become free are used
 * again, by their size. Keys stay. Rows are told from each other by numbers, which rise within a key group from 0; a row that takes the place of another
 * has its number. Does not own: which rows stay, and what a snapshot holds (ranked-rows.ts).
 * Invariants: S39 a block has one row at most, and a row one block; S40 the numbers of a group are 0 to n - 1, each of one row.
 */
import { ByteReader, copyBytes, hashBytes, type KeyBytes, latin1Slice, type Memory } from '../batch/index.ts';
import { Arena, type FreeSegments, offsetOf } from './arena.ts';
import { smallestBlock } from './block-sizes.ts';
import { Blocks } from './blocks.ts';
import { isKey, KeyIndex, type KeyPlaces } from './key-index.ts';
import { Positions } from './positions.ts';
import { numberBytes, putNumber, putVarint, varintBytes } from './record-numbers.ts';
import { TableSpace } from './space-table.ts';

/** In the head of a key: its last row, how many it has, its length, in 2 bytes its group; */
const countAt = 4;
const lengthAt = 8;
const keyGroupAt = 12;
/** the round in which it was found to have changed; the ordinals of its first and of its latest row. */
const roundAt = 16;
const firstAt = 20;
const latestAt = 28;
const keyBytesAt = 36;

/** In the head of a block, behind how many bytes it has: how many its row has; the next row of the key, the key; */
const ownAt = 4;
const nextAt = 8;
const keyAt = 12;
/** the row's number, and the generations in which the block was listed and became free (0: not); */
const numberAt = 16;
const listedAt = 20;
const freedAt = 24;
/** in 2 bytes the group of its row; the row's ordinal. */
const groupAt = 28;
const ordinalAt = 32;
const rowBytesAt = 40;

/** Rows of one generation that are new, or in the place of others. */
export interface Listed {
  readonly space: RankedSpace;
  readonly rows: Int32Array;
}

export class RankedSpace extends TableSpace implements KeyPlaces {
  keyCount = 0;
  /** Keys are in the order of their first rows. */
  isOrdered = true;
  readonly #keys: Arena;
  readonly #rows: Blocks;
  readonly #index: KeyIndex = new KeyIndex(this);
  readonly #listed = new Positions();
  #latestKey = 0;

  /** @param owned key groups, as [from, to) */
  constructor(namespace: number, born: number, owned: readonly [number, number], free: FreeSegments) {
    super(namespace, born, owned);
    this.#keys = new Arena(free);
    this.#rows = new Blocks(free, rowBytesAt);
  }

  /** What it takes of memory, blocks that are free included. */
  get bytes(): number {
    return this.#keys.bytes + this.#rows.bytes;
  }

  // ── keys

  /** Where a key is, 0 = it is not there. */
  find({ bytes, length, hash }: KeyBytes): number {
    return this.#index.find(bytes, 0, length, hash);
  }

  /** Adds a key that is not there. @param ordinal of its first row */
  addKey({ bytes, length, hash }: KeyBytes, group: number, ordinal: number): number {
    return this.#writeKey(bytes, 0, length, hash, group, ordinal);
  }

  isOf(key: number, bytes: Uint8Array, from: number, to: number): boolean {
    const memory = this.#keys.memoryOf(key);
    const at = offsetOf(key);
    return memory.view.getUint32(at + lengthAt, true) === to - from && isKey(memory.bytes, at + keyBytesAt, bytes, from, to);
  }

  textOf(key: number): string {
    const { bytes, view } = this.#keys.memoryOf(key);
    const at = offsetOf(key);
    return latin1Slice(bytes, at + keyBytesAt, at + keyBytesAt + view.getUint32(at + lengthAt, true));
  }

  groupOf(key: number): number {
    return this.#keys.memoryOf(key).view.getUint16(offsetOf(key) + keyGroupAt, true);
  }

  /** The ordinal of the first row that it has ever had. */
  firstOf(key: number): number {
    return this.#keys.memoryOf(key).view.getFloat64(offsetOf(key) + firstAt, true);
  }

  /** The greatest ordinal of its rows. */
  latestOf(key: number): number {
    return this.#keys.memoryOf(key).view.getFloat64(offsetOf(key) + latestAt, true);
  }

  countOf(key: number): number {
    return this.#keys.memoryOf(key).view.getUint32(offsetOf(key) + countAt, true);
  }

  /** The last of its rows. */
  lastOf(key: number): number {
    return this.#keys.memoryOf(key).view.getInt32(offsetOf(key), true);
  }

  /** Notes that a key has changed. @returns whether that is news in this round, of which there are 1 to 2^32 - 1 */
  isNewIn(key: number, round: number): boolean {
    const { view } = this.#keys.memoryOf(key);
    const at = offsetOf(key) + roundAt;
    if (view.getUint32(at, true) === round) return false;
    view.setUint32(at, round, true);
    return true;
  }

  /** All keys, in the order in which they were added. */
  *keys(): Generator<number, void> {
    for (let key = 1, left = this.keyCount; left > 0; left--) {
      yield key;
      key = this.#keys.after(key, keyBytesAt + this.#keys.memoryOf(key).view.getUint32(offsetOf(key) + lengthAt, true));
    }
  }

  // ── rows

  memoryOf(row: number): Memory {
    return this.#rows.memoryOf(row);
  }

  /** Where in its memory the bytes of a row begin. */
  bytesOf(row: number): number {
    return offsetOf(row) + rowBytesAt;
  }

  /** How many bytes a row has. */
  ownBytes(row: number): number {
    return this.#rows.memoryOf(row).view.getUint32(offsetOf(row) + ownAt, true);
  }

  ordinalOf(row: number): number {
    return this.#rows.memoryOf(row).view.getFloat64(offsetOf(row) + ordinalAt, true);
  }

  /** The row before it, 0 = it is the first one. */
  before(row: number): number {
    return this.#rows.memoryOf(row).view.getInt32(offsetOf(row) + nextAt, true);
  }

  rowGroupOf(row: number): number {
    return this.#rows.memoryOf(row).view.getUint16(offsetOf(row) + groupAt, true);
  }

  listedIn(row: number): number {
    return this.#rows.memoryOf(row).view.getUint32(offsetOf(row) + listedAt, true);
  }

  /** The generation in which its block became free, 0 = it is not. */
  freedIn(row: number): number {
    return this.#rows.memoryOf(row).view.getUint32(offsetOf(row) + freedAt, true);
  }

  /** Whether the block of a row has room for another one, so long, and is not mostly empty then. */
  fits(row: number, own: number): boolean {
    const bytes = this.#rows.sizeOf(row);
    const wanted = rowBytesAt + own;
    return wanted <= bytes && Math.max(wanted, smallestBlock) * 2 > bytes;
  }

  // ── rows that come and go

  /** A row of no key yet, its bytes to be written at once. @param number undefined: a new one */
  add(group: number, own: number, number: number = this.numbers[group - this.firstGroup]!++): number {
    const row = this.#rows.take(rowBytesAt + own);
    const { view } = this.#rows.memoryOf(row);
    const at = offsetOf(row);
    view.setUint32(at + numberAt, number, true);
    view.setUint32(at + freedAt, 0, true);
    view.setUint16(at + groupAt, group, true);
    view.setUint32(at + ownAt, own, true);
    this.size++;
    return row;
  }

  /** Another row in the place of this one, whose block has room; its bytes are to be written at once. */
  overwrite(row: number, own: number): void {
    this.#rows.memoryOf(row).view.setUint32(offsetOf(row) + ownAt, own, true);
  }

  /** Takes the row out. @returns its number, for the one in its place */
  remove(row: number, generation: number): number {
    const { view } = this.#rows.memoryOf(row);
    view.setUint32(offsetOf(row) + freedAt, generation, true);
    this.size--;
    return view.getUint32(offsetOf(row) + numberAt, true);
  }

  /** The block of a row that was taken out is used again. */
  reuse(row: number): void {
    this.#rows.give(row);
  }

  /** Puts a row between two of a key: behind `before` and before `behind`, 0 = there is none. */
  link(key: number, row: number, ordinal: number, before: number, behind: number): void {
    const { view } = this.#rows.memoryOf(row);
    const at = offsetOf(row);
    view.setInt32(at + nextAt, before, true);
    view.setInt32(at + keyAt, key, true);
    view.setFloat64(at + ordinalAt, ordinal, true);
    const head = this.#keys.memoryOf(key).view;
    const to = offsetOf(key);
    if (behind === 0) head.setInt32(to, row, true);
    else this.#rows.memoryOf(behind).view.setInt32(offsetOf(behind) + nextAt, row, true);
    head.setUint32(to + countAt, head.getUint32(to + countAt, true) + 1, true);
    if (head.getFloat64(to + latestAt, true) < ordinal) head.setFloat64(to + latestAt, ordinal, true);
  }

  /** Takes the last row of a key off; it is to be removed, or linked again. */
  unlinkLast(key: number): void {
    const head = this.#keys.memoryOf(key).view;
    const at = offsetOf(key);
    head.setInt32(at, this.before(head.getInt32(at, true)), true);
    head.setUint32(at + countAt, head.getUint32(at + countAt, true) - 1, true);
  }

  /** The row is in this generation's list. */
  list(row: number, generation: number): void {
    const { view } = this.#rows.memoryOf(row);
    const at = offsetOf(row) + listedAt;
    if (view.getUint32(at, true) === generation) return;
    view.setUint32(at, generation, true);
    this.#listed.push(row);
    this.touchedIn = generation;
  }

  get isListed(): boolean {
    return this.#listed.length > 0;
  }

  /** What was listed since it was asked last. */
  takeListed(): Listed {
    return { space: this, rows: this.#listed.take() };
  }

  /** How many bytes the record is that a snapshot holds of a row. */
  recordBytes(row: number): number {
    const value = this.#valueBytes(row);
    return numberBytes(this.#numberOf(row)) + varintBytes(value) + value;
  }

  /** Writes it. */
  putRecord(row: number, to: Memory, from: number): void {
    const { bytes, view } = this.#rows.memoryOf(row);
    const at = offsetOf(row);
    const key = view.getInt32(at + keyAt, true);
    const keys = this.#keys.memoryOf(key);
    const keyFrom = offsetOf(key) + keyBytesAt;
    const keyBytes = keys.view.getUint32(offsetOf(key) + lengthAt, true);
    let place = putNumber(to.bytes, from, this.#numberOf(row));
    place = putVarint(to.bytes, place, this.#valueBytes(row));
    place = putVarint(to.bytes, place, keyBytes);
    copyBytes(keys.bytes, keyFrom, keyFrom + keyBytes, to.bytes, place);
    to.view.setFloat64(place + keyBytes, this.firstOf(key), true);
    to.view.setFloat64(place + keyBytes + 8, view.getFloat64(at + ordinalAt, true), true);
    copyBytes(bytes, at + rowBytesAt, at + rowBytesAt + view.getUint32(at + ownAt, true), to.bytes, place + keyBytes + 16);
  }

  #numberOf(row: number): number {
    return this.#rows.memoryOf(row).view.getUint32(offsetOf(row) + numberAt, true);
  }

  /** The key with its length, two ordinals, and the row. */
  #valueBytes(row: number): number {
    const { view } = this.#rows.memoryOf(row);
    const key = view.getInt32(offsetOf(row) + keyAt, true);
    const keyBytes = this.#keys.memoryOf(key).view.getUint32(offsetOf(key) + lengthAt, true);
    return varintBytes(keyBytes) + keyBytes + 16 + view.getUint32(offsetOf(row) + ownAt, true);
  }

  // ── restore

  /** The value of a row's record, its rows in no order yet. @throws WeirError where the bytes end too early */
  load(number: number, bytes: Uint8Array, from: number, to: number, group: number): void {
    const value = new ByteReader(bytes, from, to);
    const keyBytes = value.varint();
    const keyFrom = value.position;
    value.skip(keyBytes);
    const first = value.f64();
    const ordinal = value.f64();
    const own = value.position;
    const bit = group - this.firstGroup;
    this.numbers[bit] = Math.max(this.numbers[bit]!, number + 1);
    const hash = hashBytes(bytes, keyFrom, keyFrom + keyBytes) | 0;
    const known = this.#index.find(bytes, keyFrom, keyFrom + keyBytes, hash);
    const key = known === 0 ? this.#writeKey(bytes, keyFrom, keyFrom + keyBytes, hash, group, first) : known;
    const row = this.add(group, to - own, number);
    copyBytes(bytes, own, to, this.memoryOf(row).bytes, this.bytesOf(row));
    this.link(key, row, ordinal, this.lastOf(key), 0);
  }

  /** Whether there are as many rows of each group as were written. */
  get isWhole(): boolean {
    return this.numbers.reduce((sum, next) => sum + next, 0) === this.size;
  }

  /** Ranks the rows of a key anew, the last one first. */
  relink(key: number, rows: readonly number[]): void {
    const head = this.#keys.memoryOf(key).view;
    head.setInt32(offsetOf(key), rows[0]!, true);
    rows.forEach((row, i) => this.#rows.memoryOf(row).view.setInt32(offsetOf(row) + nextAt, rows[i + 1] ?? 0, true));
  }

  release(): void {
    this.#keys.release();
    this.#rows.release();
  }

  #writeKey(bytes: Uint8Array, from: number, to: number, hash: number, group: number, first: number): number {
    const key = this.#keys.take(keyBytesAt + to - from);
    const memory = this.#keys.memoryOf(key);
    const at = offsetOf(key);
    memory.view.setInt32(at, 0, true);
    memory.view.setUint32(at + countAt, 0, true);
    memory.view.setUint32(at + lengthAt, to - from, true);
    memory.view.setUint16(at + keyGroupAt, group, true);
    memory.view.setUint32(at + roundAt, 0, true);
    memory.view.setFloat64(at + firstAt, first, true);
    memory.view.setFloat64(at + latestAt, -Infinity, true);
    copyBytes(bytes, from, to, memory.bytes, at + keyBytesAt);
    if (this.#latestKey !== 0 && this.firstOf(this.#latestKey) >= first) this.isOrdered = false;
    this.#latestKey = key;
    this.keyCount++;
    this.#index.add(hash, key);
    return key;
  }
}

/**
 * The rows of one namespace of a log: bytes, in segments, and an index of keys.
 *
 * Owns: memory. A row is a head of `headBytes`, and the record that a snapshot holds of it: so that writing one is a copy. Records are told from each
 * other by numbers, which rise within a key group from 0, and the bytes of a number are the record's key. The index leads to the first row of a key by the
 * hash of the key, in shards so that none is long in growing; from there each row leads to the next.
 * Positions count units of four bytes from 1: 0 is none, and 31 bits reach 8 GiB. Hashes are whole numbers of 32 bits with a sign: those need no object. Does not own: what a snapshot holds (row-log.ts).
 * Invariants: S37 the rows of a key are linked in the order in which they were added; S38 the numbers of a group are 0 to n - 1.
 */
import { copyBytes, hashBytes, type KeyBytes, Memory } from '../batch/index.ts';
import { invariant } from '../core/index.ts';

const unit = 4;
const segmentBytes = 1 << 18;
const segmentUnits = segmentBytes / unit;
/** A namespace of few rows needs no more. */
const firstSegmentBytes = 1 << 12;
const freeMax = 64;

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

const shardBits = 6;
const firstSlots = 16;

/** Segments that are used again. */
export class FreeSegments {
  readonly #free: Memory[] = [];

  take(): Memory {
    return this.#free.pop() ?? new Memory(segmentBytes);
  }

  give(memory: Memory): void {
    if (memory.bytes.length === segmentBytes && this.#free.length < freeMax) this.#free.push(memory);
  }
}

/** Rows of one generation: they lie one behind the other. */
export interface Added {
  readonly space: RowSpace;
  /** The first of them, and how many they are. */
  readonly first: number;
  readonly count: number;
}

export class RowSpace {
  readonly namespace: number;
  /** The generation of its first row; 0: an older delta may have rows. */
  readonly born: number;
  /** The generation in which it was dropped, 0 = it was not. */
  droppedIn = 0;
  /** The generation in which a row was last added or marked. */
  touchedIn = 0;
  size = 0;
  readonly #first: number;
  /** By owned group: the number of the next row. */
  readonly #numbers: Uint32Array;
  /** What was added since `takeAdded` was asked last. */
  #addedFirst = 0;
  #addedCount = 0;
  readonly #free: FreeSegments;
  readonly #memories: Memory[] = [];
  /** How much of each is taken. */
  readonly #ends: number[] = [];
  /** Pairs of a hash and the position of the key's first row; at most half of them are taken. */
  readonly #shards: (Int32Array | undefined)[] = new Array<Int32Array | undefined>(1 << shardBits);
  readonly #counts: Int32Array = new Int32Array(1 << shardBits);

  /** @param owned key groups, as [from, to) */
  constructor(namespace: number, born: number, owned: readonly [number, number], free: FreeSegments) {
    this.namespace = namespace;
    this.born = born;
    this.#first = owned[0];
    this.#numbers = new Uint32Array(owned[1] - owned[0]);
    this.#free = free;
  }

  // ── rows that are there

  /** The first row of a key, 0 = there is none. */
  first({ bytes, length, hash }: KeyBytes): number {
    return this.#find(bytes, 0, length, hash);
  }

  /** The next row of the same key. */
  next(row: number): number {
    return this.memoryOf(row).view.getInt32(offsetOf(row) + nextAt, true);
  }

  memoryOf(row: number): Memory {
    return this.#memories[(row - 1) >>> 16]!;
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

  /** Bit per owned group that has rows. */
  groups(): Uint32Array {
    const groups = new Uint32Array(Math.ceil(this.#numbers.length / 32));
    this.#numbers.forEach((number, bit) => {
      if (number > 0) groups[bit >>> 5]! |= 1 << (bit & 31);
    });
    return groups;
  }

  /** All rows, in the order in which they were added. */
  *rows(): Generator<number, void> {
    for (let row = 1, left = this.size; left > 0; left--, row = this.after(row)) yield row;
  }

  /** The row that was added behind this one, which is not the last. */
  after(row: number): number {
    const to = offsetOf(row) + rounded(this.memoryOf(row).view.getUint32(offsetOf(row), true));
    const index = (row - 1) >>> 16;
    return to < this.#ends[index]! ? index * segmentUnits + to / unit + 1 : (index + 1) * segmentUnits + 1;
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
    const bit = group - this.#first;
    const row = this.#write(bytes, 0, length, hash, group, this.#numbers[bit]!++, own);
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
    const bit = group - this.#first;
    this.#numbers[bit] = Math.max(this.#numbers[bit]!, number + 1);
    return this.#write(key, from, to, hashBytes(key, from, to) | 0, group, number, own);
  }

  /** Links rows that were loaded. @returns false: some are missing */
  linkAll(): boolean {
    const starts = new Float64Array(this.#numbers.length);
    let count = 0;
    for (let bit = 0; bit < starts.length; bit++) {
      starts[bit] = count;
      count += this.#numbers[bit]!;
    }
    if (count !== this.size) return false;
    const rows = new Int32Array(count);
    for (const row of this.rows()) rows[starts[this.groupOf(row) - this.#first]! + this.#numberOf(row)] = row;
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
    const size = headBytes + 1 + digitsOf(number) + varintBytes(value) + value;
    const index = this.#room(rounded(size));
    const at = this.#ends[index]!;
    const { bytes, view } = this.#memories[index]!;
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
    this.#ends[index] = at + rounded(size);
    this.size++;
    return index * segmentUnits + at / unit + 1;
  }

  /** Puts a row behind those of its key. */
  #link(row: number): void {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    const hash = view.getInt32(at + hashAt, true);
    const from = at + bytes[at + keyFromAt]!;
    const first = this.#find(bytes, from, from + view.getUint32(at + keyLengthAt, true), hash);
    if (first === 0) {
      view.setInt32(at + lastAt, row, true);
      this.#index(hash, row);
      return;
    }
    const head = this.memoryOf(first).view;
    const last = head.getInt32(offsetOf(first) + lastAt, true);
    this.memoryOf(last).view.setInt32(offsetOf(last) + nextAt, row, true);
    head.setInt32(offsetOf(first) + lastAt, row, true);
  }

  /** Nobody asks for its rows any more: their memory is used again. */
  release(): void {
    for (const memory of this.#memories) this.#free.give(memory);
    this.#memories.length = 0;
  }

  // ── the index

  #find(key: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#shards[shardOf(hash)];
    if (slots === undefined) return 0;
    const mask = slots.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot * 2 + 1]!;
      if (row === 0 || (slots[slot * 2] === hash && this.#isOf(row, key, from, to))) return row;
    }
  }

  #isOf(row: number, key: Uint8Array, from: number, to: number): boolean {
    const { bytes, view } = this.memoryOf(row);
    const at = offsetOf(row);
    if (view.getUint32(at + keyLengthAt, true) !== to - from) return false;
    const own = at + bytes[at + keyFromAt]!;
    for (let i = 0; i < to - from; i++) if (bytes[own + i] !== key[from + i]) return false;
    return true;
  }

  #index(hash: number, row: number): void {
    const shard = shardOf(hash);
    let slots = this.#shards[shard];
    const count = ++this.#counts[shard]!;
    if (slots === undefined || count * 4 > slots.length) slots = this.#grown(shard, slots);
    put(slots, hash, row);
  }

  #grown(shard: number, slots: Int32Array | undefined): Int32Array {
    const grown = new Int32Array(slots === undefined ? firstSlots * 2 : slots.length * 2);
    if (slots !== undefined)
      for (let i = 0; i < slots.length; i += 2) if (slots[i + 1] !== 0) put(grown, slots[i]!, slots[i + 1]!);
    this.#shards[shard] = grown;
    return grown;
  }

  // ── segments

  /** The segment that has room for so many bytes behind its end. */
  #room(size: number): number {
    const last = this.#memories.length - 1;
    const filling = this.#memories[last];
    const length = filling === undefined ? 0 : filling.bytes.length;
    if (length > 0 && this.#ends[last]! + size <= Math.min(length, segmentBytes)) return last;
    invariant((last + 2) * segmentUnits < 2 ** 31, 'S37: the rows of a namespace fit into 8 GiB');
    const wanted = Math.max(size, length === 0 ? firstSegmentBytes : Math.min(segmentBytes, length * 4));
    this.#memories.push(wanted === segmentBytes ? this.#free.take() : new Memory(wanted));
    this.#ends.push(0);
    return last + 1;
  }
}

const rounded = (size: number): number => (size + unit - 1) & -unit;
const offsetOf = (row: number): number => ((row - 1) & (segmentUnits - 1)) * unit;
/** Key groups are taken by the highest bits, slots by the lowest. */
const shardOf = (hash: number): number => (hash >>> 20) & ((1 << shardBits) - 1);

function put(slots: Int32Array, hash: number, row: number): void {
  const mask = slots.length / 2 - 1;
  let slot = hash & mask;
  while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
  slots[slot * 2] = hash;
  slots[slot * 2 + 1] = row;
}

// ── numbers, as `ByteWriter` writes them

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** A number is a text of its digits to the base of 128, the lowest first. */
const digitsOf = varintBytes;

function putNumber(bytes: Uint8Array, from: number, number: number): number {
  const digits = digitsOf(number);
  bytes[from] = digits * 2;
  let rest = number;
  for (let i = 1; i <= digits; i++, rest = Math.floor(rest / 0x80)) bytes[from + i] = rest & 0x7f;
  return from + 1 + digits;
}

/** What `putNumber` has put; -1: it has not. */
export function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let i = to - 1; i > from; i--) {
    if (bytes[i]! >= 0x80) return -1;
    number = number * 0x80 + bytes[i]!;
  }
  return bytes[from] === (to - from - 1) * 2 && number < 2 ** 32 ? number : -1;
}

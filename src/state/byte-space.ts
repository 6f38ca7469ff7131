/**
 * The entries of one namespace as bytes: each a block with its key and, as long as there is room, its value; and an index of keys.
 *
 * Owns: their layout. A value that has outgrown its block lies in one of its own. An entry that was deleted keeps its block until it is in no list. Does not own: what a snapshot holds (byte-table.ts).
 * Invariants: S43 a block has one entry, and an entry one block, for as long as it is in some list.
 */
import {
  copyBytes,
  hashBytes,
  type KeyBytes,
  latin1Slice,
  type Memory,
  type ByteReader,
  type ByteWriter,
} from '../batch/index.ts';
import { Recent } from '../core/index.ts';
import { type FreeSegments, offsetOf } from './arena.ts';
import { blockBytes, Blocks } from './blocks.ts';
import { isKey, KeyIndex, type KeyPlaces } from './key-index.ts';
import { putRecordKey, recordKeyBytes, takeRecordKey } from './record-keys.ts';
import { putVarint, varintBytes } from './record-numbers.ts';
import { TableSpace } from './space-table.ts';
import type { SlotPlace } from './table.ts';

/** In the head of an entry, behind what `Blocks` has there, each 4 bytes: the hash of its key, the generations in which it was listed last and made; */
const hashAt = 4;
const listedAt = 8;
const bornAt = 12;
/** the block of its value (0: it lies behind the key), how many bytes key and value have; */
const valueBlockAt = 16;
const keyLengthAt = 20;
const valueLengthAt = 24;
/** in 2 bytes its group, in one what it is, in one how its value lies. */
const groupAt = 28;
const lifeAt = 30;
/** 1: its value lies in slots, and not as its codec writes it. */
const slotsAt = 31;
/** The round in which it was found to have changed. */
const roundAt = 32;
const keyAt = 36;
/** In the head of a value's own block there is nothing but what `Blocks` has there. */
const valueAt = 8;

/** New; there; deleted, of which a tombstone is to be written; deleted, of which no delta knows. */
const life = { none: 0, live: 1, dead: 2, gone: 3 } as const;

/** An entry as it lies in a record: its key as `ByteWriter.string` has it. */
export interface LoadedEntry {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly keyEnd: number;
  readonly group: number;
  readonly valueFrom: number;
  readonly to: number;
}
type Writable<T> = { -readonly [name in keyof T]: T[name] };

export class ByteSpace extends TableSpace implements KeyPlaces {
  readonly #entries: Blocks;
  readonly #values: Blocks;
  readonly #index: KeyIndex = new KeyIndex(this);
  /** Entries that live. */
  readonly #recent = new Recent<string, number>();
  readonly #key: KeyBytes;
  readonly #place: Writable<SlotPlace> = { view: new DataView(new ArrayBuffer(0)), at: 0, isFirst: false, isNew: false };
  /** The key that is being loaded. */
  #loaded = new Uint8Array(64);
  /** Where the next entries are to be seen, and how many blocks are left of the round; undefined: it is over. */
  #turn = 0;
  #left: number | undefined;

  /** @param owned key groups, as [from, to) @param key room for one */
  constructor(namespace: number, born: number, owned: readonly [number, number], free: FreeSegments, key: KeyBytes) {
    super(namespace, born, owned);
    this.#key = key;
    this.#entries = new Blocks(free, keyAt);
    this.#values = new Blocks(free, valueAt);
  }

  /** What it takes of memory, blocks that are free included. */
  get bytes(): number {
    return this.#entries.bytes + this.#values.bytes;
  }

  // ── entries

  /** The entry of a key, which may be dead; 0: there is none, and the room for a key has this one. */
  find(key: string): number {
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    this.#key.set(key);
    const found = this.findBytes(this.#key);
    if (found !== 0 && this.isLive(found)) this.#recent.set(key, found);
    return found;
  }

  findBytes({ bytes, length, hash }: KeyBytes): number {
    return this.#index.find(bytes, 0, length, hash);
  }

  isOf(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    const memory = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    return memory.view.getUint32(at + keyLengthAt, true) === to - from && isKey(memory.bytes, at + keyAt, bytes, from, to);
  }

  isLive(entry: number): boolean {
    return this.#lifeOf(entry) === life.live;
  }

  /** It was deleted, and a delta may have it. */
  isDead(entry: number): boolean {
    return this.#lifeOf(entry) === life.dead;
  }

  /** It was deleted, and no delta has it. */
  isGone(entry: number): boolean {
    return this.#lifeOf(entry) === life.gone;
  }

  /** Nobody has the block. */
  isFree(entry: number): boolean {
    return this.#lifeOf(entry) === life.none;
  }

  keyOf(entry: number): string {
    const { bytes, view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    return latin1Slice(bytes, at + keyAt, at + keyAt + view.getUint32(at + keyLengthAt, true));
  }

  hashOf(entry: number): number {
    return this.#entries.memoryOf(entry).view.getInt32(offsetOf(entry) + hashAt, true);
  }

  /** What another index has for its key. */
  findIn(index: KeyIndex, entry: number): number {
    const { bytes, view } = this.#entries.memoryOf(entry);
    const from = offsetOf(entry) + keyAt;
    return index.find(bytes, from, from + view.getUint32(offsetOf(entry) + keyLengthAt, true), this.hashOf(entry));
  }

  groupOf(entry: number): number {
    return this.#entries.memoryOf(entry).view.getUint16(offsetOf(entry) + groupAt, true);
  }

  listedIn(entry: number): number {
    return this.#entries.memoryOf(entry).view.getUint32(offsetOf(entry) + listedAt, true);
  }

  /** The generation that made it, 0: an older delta has it. */
  bornIn(entry: number): number {
    return this.#entries.memoryOf(entry).view.getUint32(offsetOf(entry) + bornAt, true);
  }

  /** Of its value, good until the next. */
  reader(entry: number): ByteReader {
    const memory = this.#entries.memoryOf(entry);
    const { view } = memory;
    const at = offsetOf(entry);
    const length = view.getUint32(at + valueLengthAt, true);
    const block = view.getInt32(at + valueBlockAt, true);
    const from = block === 0 ? at + keyAt + view.getUint32(at + keyLengthAt, true) : offsetOf(block) + valueAt;
    return (block === 0 ? memory : this.#values.memoryOf(block)).reader(from, from + length);
  }

  /** A copy of its value's bytes. */
  valueBytes(entry: number): Uint8Array {
    const from = this.#valueFrom(entry);
    return new Uint8Array(this.#valueMemory(entry).bytes.subarray(from, from + this.#valueLength(entry)));
  }

  /** All that live. Whatever is changed meanwhile, one that stays is seen once. */
  *all(): Generator<number, void> {
    for (let entry = 1, i = 0; i < this.#entries.count && this.droppedIn === 0; i++) {
      if (this.isLive(entry)) yield entry;
      if (this.droppedIn === 0) entry = this.#entries.after(entry);
    }
  }

  /** At most so many that live, those after the ones that it gave last; fewer where a round ends. */
  some(most: number): number[] {
    const found: number[] = [];
    let left = this.#left ?? this.#entries.count;
    let entry = this.#left === undefined ? 1 : this.#turn;
    for (; left > 0 && found.length < most; left--) {
      if (this.isLive(entry)) found.push(entry);
      entry = this.#entries.after(entry);
    }
    this.#turn = entry;
    this.#left = found.length < most ? undefined : left;
    return found;
  }

  // ── entries that come and go

  /** The block of a key that is not there, its value to be written at once. */
  add({ bytes, length, hash }: KeyBytes, group: number, value: number): number {
    return this.#add(bytes, length, hash, group, value);
  }

  /** One that begins to live: a new one, or one that was deleted. */
  revive(entry: number, generation: number): void {
    const { view, bytes } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    if (bytes[at + lifeAt] === life.none) view.setUint32(at + bornAt, generation, true);
    bytes[at + lifeAt] = life.live;
    this.size++;
  }

  /** Its value lies in slots, and not as its codec writes it. */
  hasSlots(entry: number): boolean {
    return this.#entries.memoryOf(entry).bytes[offsetOf(entry) + slotsAt] === 1;
  }

  /** The slots of a value, good until the next. */
  slots(entry: number): SlotPlace {
    this.#place.view = this.#valueMemory(entry).view;
    this.#place.at = this.#valueFrom(entry);
    return this.#place;
  }

  /** Makes slots of so many bytes in the place of its value. */
  makeSlots(entry: number, bytes: number): SlotPlace {
    this.#placed(entry, bytes);
    this.#entries.memoryOf(entry).bytes[offsetOf(entry) + slotsAt] = 1;
    return this.slots(entry);
  }

  /** The slots of one that changes. @param round of which there are 1 to 2^32 - 1 */
  changing(entry: number, round: number): SlotPlace {
    const { view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry) + roundAt;
    this.#place.isFirst = view.getUint32(at, true) !== round;
    this.#place.isNew = false;
    if (this.#place.isFirst) view.setUint32(at, round, true);
    return this.slots(entry);
  }

  /** The slots of one that is new, with what they begin with. */
  empty(entry: number, empty: Uint8Array, round: number): SlotPlace {
    this.#entries.memoryOf(entry).view.setUint32(offsetOf(entry) + roundAt, round, true);
    this.#place.isFirst = true;
    this.#place.isNew = true;
    const place = this.makeSlots(entry, empty.length);
    copyBytes(empty, 0, empty.length, this.#valueMemory(entry).bytes, place.at);
    return place;
  }

  /** Puts a value in the place of the one that it had. */
  write(entry: number, value: ByteWriter): void {
    const { length } = value;
    const { view, bytes } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    bytes[at + slotsAt] = 0;
    const from = keyAt + view.getUint32(at + keyLengthAt, true);
    if (view.getInt32(at + valueBlockAt, true) === 0 && from + length <= blockBytes(view, at)) {
      view.setUint32(at + valueLengthAt, length, true);
      value.copyTo(bytes, at + from);
    } else value.copyTo(this.#placed(entry, length).bytes, this.#valueFrom(entry));
  }

  /** Deletes an entry that a delta may have: its block waits for the tombstone. */
  die(entry: number, key: string): void {
    this.#recent.delete(key);
    this.#entries.memoryOf(entry).bytes[offsetOf(entry) + lifeAt] = life.dead;
    this.size--;
  }

  /** Deletes one of which no delta knows: its block waits until it is in no list. */
  remove(entry: number, key: string): void {
    this.#recent.delete(key);
    const { view, bytes } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    this.#index.remove(view.getInt32(at + hashAt, true), entry);
    bytes[at + lifeAt] = life.gone;
    this.size--;
  }

  /** The block of a deleted entry that is in no list is used again. */
  free(entry: number): void {
    const { view, bytes } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    if (bytes[at + lifeAt] === life.dead) this.#index.remove(view.getInt32(at + hashAt, true), entry);
    const block = view.getInt32(at + valueBlockAt, true);
    if (block !== 0) this.#values.give(block);
    bytes[at + lifeAt] = life.none;
    this.#entries.give(entry);
  }

  // ── snapshots

  /** It is in this generation's list. */
  list(entry: number, generation: number): void {
    this.#entries.memoryOf(entry).view.setUint32(offsetOf(entry) + listedAt, generation, true);
    this.touchedIn = generation;
  }

  /** How many bytes the record of an entry has. @param saved the value that it has there, if not its own; null: none */
  recordBytes(entry: number, saved?: Uint8Array | null): number {
    const { bytes, view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    const key = recordKeyBytes(bytes, at + keyAt, at + keyAt + view.getUint32(at + keyLengthAt, true));
    if (saved === null) return key;
    const length = saved === undefined ? this.#valueLength(entry) : saved.length;
    return key + varintBytes(length) + length;
  }

  /** Writes it. */
  putRecord(entry: number, to: Memory, saved?: Uint8Array | null): void {
    const { bytes, view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    const place = putRecordKey(to.bytes, 0, bytes, at + keyAt, at + keyAt + view.getUint32(at + keyLengthAt, true));
    if (saved === null) return;
    const from = saved === undefined ? this.#valueFrom(entry) : 0;
    const length = saved === undefined ? this.#valueLength(entry) : saved.length;
    const source = saved ?? this.#valueMemory(entry).bytes;
    copyBytes(source, from, from + length, to.bytes, putVarint(to.bytes, place, length));
  }

  // ── restore

  /** @param room for a value, at least */
  load({ bytes, from, keyEnd, group, valueFrom, to }: LoadedEntry, room: number): void {
    if (this.#loaded.length < keyEnd - from) this.#loaded = new Uint8Array((keyEnd - from) * 2);
    const length = takeRecordKey(bytes, from, keyEnd, this.#loaded);
    const hash = hashBytes(this.#loaded, 0, length) | 0;
    const entry = this.#add(this.#loaded, length, hash, group, Math.max(to - valueFrom, room));
    this.revive(entry, 0);
    copyBytes(bytes, valueFrom, to, this.#placed(entry, to - valueFrom).bytes, this.#valueFrom(entry));
  }

  override release(): void {
    this.#entries.release();
    this.#values.release();
  }

  #add(key: Uint8Array, length: number, hash: number, group: number, value: number): number {
    const entry = this.#entries.take(keyAt + length + value);
    const { bytes, view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    view.setInt32(at + hashAt, hash, true);
    view.setInt32(at + valueBlockAt, 0, true);
    view.setUint32(at + keyLengthAt, length, true);
    view.setUint32(at + valueLengthAt, 0, true);
    view.setUint16(at + groupAt, group, true);
    view.setUint32(at + roundAt, 0, true);
    bytes[at + slotsAt] = 0;
    copyBytes(key, 0, length, bytes, at + keyAt);
    this.numbers[group - this.firstGroup] = 1;
    this.#index.add(hash, entry);
    return entry;
  }

  /** Makes room for a value of so many bytes. @returns the memory that it then lies in */
  #placed(entry: number, length: number): Memory {
    const { view } = this.#entries.memoryOf(entry);
    const at = offsetOf(entry);
    view.setUint32(at + valueLengthAt, length, true);
    const block = view.getInt32(at + valueBlockAt, true);
    const room = block === 0 ? this.#room(entry) : this.#values.sizeOf(block) - valueAt;
    if (length > room) {
      if (block !== 0) this.#values.give(block);
      view.setInt32(at + valueBlockAt, this.#values.take(valueAt + length), true);
    }
    return this.#valueMemory(entry);
  }

  /** For a value, behind the key. */
  #room(entry: number): number {
    const { view } = this.#entries.memoryOf(entry);
    return this.#entries.sizeOf(entry) - keyAt - view.getUint32(offsetOf(entry) + keyLengthAt, true);
  }

  #valueBlock(entry: number): number {
    return this.#entries.memoryOf(entry).view.getInt32(offsetOf(entry) + valueBlockAt, true);
  }

  #valueLength(entry: number): number {
    return this.#entries.memoryOf(entry).view.getUint32(offsetOf(entry) + valueLengthAt, true);
  }

  #valueMemory(entry: number): Memory {
    const block = this.#valueBlock(entry);
    return block === 0 ? this.#entries.memoryOf(entry) : this.#values.memoryOf(block);
  }

  #valueFrom(entry: number): number {
    const block = this.#valueBlock(entry);
    if (block !== 0) return offsetOf(block) + valueAt;
    const { view } = this.#entries.memoryOf(entry);
    return offsetOf(entry) + keyAt + view.getUint32(offsetOf(entry) + keyLengthAt, true);
  }

  #lifeOf(entry: number): number {
    return this.#entries.memoryOf(entry).bytes[offsetOf(entry) + lifeAt]!;
  }
}

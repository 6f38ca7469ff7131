/**
 * A state table on the heap, frozen by copy on first write.
 *
 * Owns: the entries, and per key group the list of what has changed since the last freeze. `freeze` swaps those lists and
 * touches no entry. The first write to an entry that is frozen and not yet encoded encodes its old value first; a drop needs
 * not even that, because it leaves the entries as they are. Does not own: chunks (operator-state.ts).
 * Invariants: S3 at most one entry per (namespace, key); S4 what a freeze saw is what its delta holds, whatever is written
 * after; S20 at most one freeze is neither written nor failed; S21 a key is at most once in a list of changes.
 *
 * Windows come and go between two freezes: what dies in the generation that it was born in need not be remembered, or it would outlive
 * its window by an epoch. So entries of a new namespace are *unlisted*, up to a bound; a freeze lists them.
 *
 * Of a large table most entries are mostly left alone. Those that are in no list, and have been in none for an epoch, are *packed*: bytes
 * outside of the heap, which cost the garbage collector nothing, and become objects again when they are asked for. So are most that a
 * restore loads.
 *
 * Generations number the lists of changes from 1. An entry's `mark` is the generation of the list that it waits in, 0 if in none.
 */
import { ByteReader, ByteWriter } from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import { bury, type Changes, type Entry, noChanges, sizeOf, type Space, unite } from './entries.ts';
import { FrozenTable } from './frozen-table.ts';
import { PackedEntries } from './packed-entries.ts';
import { Packing } from './packing.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import type { RecordReader } from './state-record.ts';
import type { StateTable, TableEntry } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

const nothing = new Map<string, never>();

/** A freeze lists no more than these. */
export const unlistedMax: number = 1 << 16;
/** From so many entries on those that are left alone are packed: one that is asked for after all costs some microseconds more. */
const packedFrom = 1 << 20;
/** At a restore the entries behind so many stay the bytes that they are, until they are asked for. */
const loadedPackedFrom = 1 << 13;

export interface TableLimits {
  /** Entries that may be unlisted. */
  readonly unlistedMax?: number;
  /** Entries that a table has before any is packed, and before any is loaded so. */
  readonly packedFrom?: number;
  readonly loadedPackedFrom?: number;
}

export class HeapTable<V> implements StateTable<V>, SnapshotTable {
  readonly name: string;
  readonly codec: ValueCodec<V>;
  readonly codecId: string;
  readonly #first: number;
  readonly #ownedGroups: number;
  readonly #spaces = new Map<number, Space<V>>();
  readonly #scratch = new ByteWriter();
  #changes: Changes<V>;
  #generation = 1;
  #frozen: FrozenTable<V> | null = null;
  #size = 0;
  #last: Space<V> | undefined;
  #latest: Entry<V> | undefined;
  /** Namespaces whose entries are unlisted, and how many entries that are. */
  readonly #newborn = new Set<Space<V>>();
  #unlisted = 0;
  readonly #unlistedMax: number;
  readonly #packedFrom: number;
  readonly #loadedPackedFrom: number;
  readonly #packing: Packing<V>;

  /** @param owned the key groups of this subtask, as [from, to) */
  constructor(name: string, codec: ValueCodec<V>, owned: readonly [number, number], limits: TableLimits = {}) {
    this.#unlistedMax = limits.unlistedMax ?? unlistedMax;
    this.#packedFrom = limits.packedFrom ?? packedFrom;
    this.#loadedPackedFrom = limits.loadedPackedFrom ?? loadedPackedFrom;
    this.name = name;
    this.codec = codec;
    this.codecId = codec.id;
    this.#packing = new Packing(codec);
    this.#first = owned[0];
    this.#ownedGroups = owned[1] - owned[0];
    this.#changes = noChanges(this.#ownedGroups);
  }

  get size(): number {
    return this.#size;
  }

  get(namespace: number, key: string): V | undefined {
    return this.#entryOf(namespace, key)?.value;
  }

  has(namespace: number, key: string): boolean {
    return this.#entryOf(namespace, key) !== undefined;
  }

  modify(namespace: number, key: string): V | undefined {
    const entry = this.#entryOf(namespace, key);
    if (entry === undefined) return undefined;
    this.#touch(entry);
    return entry.value;
  }

  put(namespace: number, key: string, group: number, value: V): void {
    const own = this.codec.detach === true ? this.codec.read(new ByteReader(this.encode(value))) : value;
    const entry = this.#entryOf(namespace, key);
    if (entry === undefined) return this.#insert(namespace, key, group, own);
    this.#touch(entry);
    entry.value = own;
  }

  delete(namespace: number, key: string): boolean {
    const entry = this.#entryOf(namespace, key);
    if (entry === undefined) return false;
    const { space } = entry;
    if (space.unlisted) this.#unlisted--;
    else this.#touch(entry);
    entry.live = false;
    space.entries.delete(key);
    if (sizeOf(space) === 0) this.#remove(space);
    if (!space.unlisted) bury(this.#changes, namespace, entry);
    this.#size--;
    return true;
  }

  namespaces(): Iterable<number> {
    return this.#spaces.keys();
  }

  entries(namespace: number): Iterable<TableEntry<V>> {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return [];
    return this.#size > this.#packedFrom || space.packed !== null ? this.#packing.all(space) : space.entries.values();
  }

  next(namespace: number, entries: number): readonly TableEntry<V>[] {
    const space = this.#spaces.get(namespace);
    return space === undefined ? [] : this.#packing.some(space, entries);
  }

  count(namespace: number): number {
    const space = this.#spaces.get(namespace);
    return space === undefined ? 0 : sizeOf(space);
  }

  drop(namespace: number): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    const size = sizeOf(space);
    this.#remove(space);
    if (space.unlisted) this.#unlisted -= size;
    this.#size -= size;
    space.droppedIn = this.#generation;
    if (space.born !== this.#generation) unite(this.#changes.drops, namespace, space.groups);
  }

  /** It is in a chunk already, so it has not changed. */
  load(group: number, record: RecordReader): void {
    const { namespace, key } = record;
    // What is loaded from so many on would rest anyway: without objects then.
    if (this.#size >= this.#loadedPackedFrom) return this.#loadPacked(group, record);
    const space = this.#loaded(namespace, group);
    const value = record.decode(this.codec);
    space.entries.set(key, { key, group, value, space, mark: 0, listed: 0, born: 0, live: true, saved: null });
  }

  renew(group: number, record: RecordReader, read?: (from: ByteReader) => unknown): void {
    const { namespace, key } = record;
    const codec = read === undefined ? this.codec : { ...this.codec, read: read as ValueCodec<V>['read'] };
    this.put(namespace, key, group, record.decode(codec));
  }

  /** As bytes: of the key as `ByteWriter.string` writes it, and of the value, which is looked at when it is asked for. */
  #loadPacked(group: number, { namespace, bytes, from, keyEnd, valueFrom, to }: RecordReader): void {
    const space = this.#loaded(namespace, group);
    space.packed ??= new PackedEntries();
    space.packed.addBytes(bytes, from, keyEnd, group, bytes, valueFrom, to);
  }

  #loaded(namespace: number, group: number): Space<V> {
    const space = this.#space(namespace, 0);
    space.born = 0;
    this.#setGroup(space, group);
    this.#size++;
    return space;
  }

  /** At the cost of what is unlisted, which is bounded. */
  freeze(): FrozenTable<V> {
    invariant(this.#frozen === null, `S20: table ${this.name} is frozen already`);
    for (const space of this.#newborn) this.#list(space);
    this.#frozen = new FrozenTable(this, this.#generation, this.#first, this.#changes);
    this.#generation++;
    this.#changes = noChanges(this.#ownedGroups);
    return this.#frozen;
  }

  written(): void {
    const frozen = this.#frozen;
    this.#frozen = null;
    if (frozen === null) return;
    if (this.#size > this.#packedFrom) this.#packing.written(frozen.generation, frozen.changes.lists);
    else this.#packing.clear();
  }

  failed(): void {
    const frozen = this.#frozen;
    if (frozen === null) return;
    this.#frozen = null;
    for (const [namespace, groups] of frozen.changes.drops) unite(this.#changes.drops, namespace, groups);
    for (const list of frozen.changes.lists) for (const entry of list ?? []) this.#takeBack(entry, frozen.generation);
  }

  /** The bytes of a value. */
  encode(value: V): Uint8Array {
    return this.bytesOf(value).finish();
  }

  /** The same, good until the next value. */
  bytesOf(value: V): ByteWriter {
    this.#scratch.reset();
    this.codec.write(this.#scratch, value);
    return this.#scratch;
  }

  #insert(namespace: number, key: string, group: number, value: V): void {
    invariant(group >= this.#first && group < this.#first + this.#ownedGroups, `S22: group ${group} is owned by this subtask`);
    const space = this.#space(namespace, this.#generation);
    const buried = this.#changes.graves.get(namespace)?.get(key);
    // One that comes back is in a list.
    if (space.unlisted && (buried !== undefined || this.#unlisted >= this.#unlistedMax)) this.#list(space);
    if (buried === undefined) {
      const entry: Entry<V> = {
        key,
        group,
        value,
        space,
        mark: this.#generation,
        listed: this.#generation,
        born: this.#generation,
        live: true,
        saved: null,
      };
      space.entries.set(key, entry);
      if (space.unlisted) this.#unlisted++;
      else this.#listOf(group).push(entry);
    } else {
      this.#changes.graves.get(namespace)!.delete(key);
      buried.live = true;
      buried.value = value;
      buried.space = space;
      space.entries.set(key, buried);
      if (buried.born !== this.#generation) space.born = 0;
    }
    this.#setGroup(space, group);
    this.#size++;
  }

  #touch(entry: Entry<V>): void {
    if (entry.mark === this.#generation) return;
    if (entry.mark !== 0) entry.saved = this.encode(entry.value);
    this.#enlist(entry);
  }

  #enlist(entry: Entry<V>): void {
    entry.mark = this.#generation;
    entry.listed = this.#generation;
    this.#listOf(entry.group).push(entry);
  }

  #takeBack(entry: Entry<V>, frozenGeneration: number): void {
    entry.saved = null;
    const covered = entry.space.droppedIn !== 0 || entry.mark === this.#generation;
    const neverWritten = !entry.live && entry.born === frozenGeneration;
    if (covered || neverWritten) return;
    if (!entry.live && this.#outlive(entry)) return;
    this.#enlist(entry);
    if (!entry.live) bury(this.#changes, entry.space.namespace, entry);
  }

  /** Whether a later entry speaks for the same key as this tombstone; it then needs one itself when it goes. */
  #outlive(deleted: Entry<V>): boolean {
    const { namespace } = deleted.space;
    const later = this.#spaces.get(namespace)?.entries.get(deleted.key) ?? this.#changes.graves.get(namespace)?.get(deleted.key);
    if (later === undefined) return false;
    if (later.space.unlisted) this.#list(later.space);
    later.born = 0;
    later.space.born = 0;
    return true;
  }

  /** A row asks for its entry several times. */
  #entryOf(namespace: number, key: string): Entry<V> | undefined {
    if (this.#packing.isDue) this.#packing.packSome();
    const latest = this.#latest;
    if (latest !== undefined && latest.key === key && latest.space.namespace === namespace && latest.live) {
      if (latest.space.droppedIn === 0) return latest;
    }
    const space = this.#spaceOf(namespace);
    let entry = space?.entries.get(key);
    if (entry === undefined && space !== undefined && space.packed !== null)
      entry = this.#packing.thawed(space, space.packed, key);
    if (entry !== undefined) this.#latest = entry;
    return entry;
  }

  /** The namespace of the last entry is mostly that of the next. */
  #spaceOf(namespace: number): Space<V> | undefined {
    if (this.#last?.namespace !== namespace) this.#last = this.#spaces.get(namespace);
    return this.#last;
  }

  #remove(space: Space<V>): void {
    this.#spaces.delete(space.namespace);
    this.#newborn.delete(space);
    this.#last = undefined;
    // Old tables of a map that things come to and go from are linked, each with what it held: garbage, but of the old generation, which
    // would carry all the entries there.
    space.entries = nothing;
    space.packed = null;
  }

  /** From now on its entries are in the list of changes. */
  #list(space: Space<V>): void {
    for (const entry of space.entries.values()) this.#listOf(entry.group).push(entry);
    this.#unlisted -= space.entries.size;
    this.#newborn.delete(space);
    space.unlisted = false;
  }

  #space(namespace: number, born: number): Space<V> {
    const known = this.#spaceOf(namespace);
    if (known !== undefined) return known;
    const space: Space<V> = {
      namespace,
      entries: new Map(),
      packed: null,
      groups: new Uint32Array(Math.ceil(this.#ownedGroups / 32)),
      born,
      droppedIn: 0,
      unlisted: born === this.#generation,
    };
    this.#spaces.set(namespace, space);
    this.#last = space;
    if (space.unlisted) this.#newborn.add(space);
    return space;
  }

  #setGroup(space: Space<V>, group: number): void {
    const bit = group - this.#first;
    space.groups[bit >>> 5]! |= 1 << (bit & 31);
  }

  #listOf(group: number): Entry<V>[] {
    return (this.#changes.lists[group - this.#first] ??= []);
  }
}

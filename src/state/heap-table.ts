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
 * Generations number the lists of changes from 1. An entry's `mark` is the generation of the list that it waits in, 0 if in none.
 */
import { ByteReader, ByteWriter } from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import { FrozenTable } from './frozen-table.ts';
import type { StateTable, TableEntry } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

export interface Entry<V> {
  readonly key: string;
  readonly group: number;
  value: V;
  space: Space<V>;
  mark: number;
  /** The generation that made it; 0 = an older delta may hold its key, so its deletion needs a tombstone. */
  born: number;
  live: boolean;
  /** Its value at the freeze, where it was written to since. */
  saved: Uint8Array | null;
}

/** The entries of one namespace, from the first one on until it is empty or dropped. */
export interface Space<V> {
  readonly namespace: number;
  entries: Map<string, Entry<V>>;
  /** Bit per owned group that ever had an entry here. */
  readonly groups: Uint32Array;
  born: number;
  /** The generation in which it was dropped, 0 = it was not. */
  droppedIn: number;
  /** None of its entries is in a list, though all were born in this generation. */
  unlisted: boolean;
}

const nothing = new Map<string, never>();

/** A freeze lists no more than these. */
export const unlistedMax: number = 1 << 16;

/** What has changed since the last freeze. */
export interface Changes<V> {
  /** By owned group: entries put, changed or deleted. */
  readonly lists: (Entry<V>[] | undefined)[];
  /** Namespaces dropped, with the groups that need to know. */
  readonly drops: Map<number, Uint32Array>;
  /** Deleted entries of `lists`, by namespace and key: one that comes back stays the same entry. */
  readonly graves: Map<number, Map<string, Entry<V>>>;
}

export class HeapTable<V> implements StateTable<V> {
  readonly name: string;
  readonly codec: ValueCodec<V>;
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

  /**
   * @param owned the key groups of this subtask, as [from, to)
   * @param most entries that may be unlisted
   */
  constructor(name: string, codec: ValueCodec<V>, owned: readonly [number, number], most: number = unlistedMax) {
    this.#unlistedMax = most;
    this.name = name;
    this.codec = codec;
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
    const space = this.#spaces.get(namespace);
    const entry = space?.entries.get(key);
    if (space === undefined || entry === undefined) return false;
    if (space.unlisted) this.#unlisted--;
    else this.#touch(entry);
    entry.live = false;
    space.entries.delete(key);
    if (space.entries.size === 0) this.#remove(space);
    if (!space.unlisted) bury(this.#changes, namespace, entry);
    this.#size--;
    return true;
  }

  namespaces(): Iterable<number> {
    return this.#spaces.keys();
  }

  entries(namespace: number): Iterable<TableEntry<V>> {
    return this.#spaces.get(namespace)?.entries.values() ?? [];
  }

  count(namespace: number): number {
    return this.#spaces.get(namespace)?.entries.size ?? 0;
  }

  drop(namespace: number): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    const { size } = space.entries;
    this.#remove(space);
    if (space.unlisted) this.#unlisted -= size;
    this.#size -= size;
    space.droppedIn = this.#generation;
    if (space.born !== this.#generation) unite(this.#changes.drops, namespace, space.groups);
  }

  /** An entry from a snapshot: it is in a chunk already, so it has not changed. */
  load(namespace: number, key: string, group: number, value: V): void {
    const space = this.#space(namespace, 0);
    space.born = 0;
    space.entries.set(key, { key, group, value, space, mark: 0, born: 0, live: true, saved: null });
    this.#setGroup(space, group);
    this.#size++;
  }

  /** Takes the list of changes away: its entries are to be encoded as they are now. At the cost of what is unlisted, which is bounded. */
  freeze(): FrozenTable<V> {
    invariant(this.#frozen === null, `S20: table ${this.name} is frozen already`);
    for (const space of this.#newborn) this.#list(space);
    this.#frozen = new FrozenTable(this, this.#generation, this.#first, this.#changes);
    this.#generation++;
    this.#changes = noChanges(this.#ownedGroups);
    return this.#frozen;
  }

  /** The frozen changes are durable. */
  written(): void {
    this.#frozen = null;
  }

  /** The frozen changes are not durable: they are changes again, older than all that have come since. */
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
    entry.mark = this.#generation;
    this.#listOf(entry.group).push(entry);
  }

  #takeBack(entry: Entry<V>, frozenGeneration: number): void {
    entry.saved = null;
    const covered = entry.space.droppedIn !== 0 || entry.mark === this.#generation;
    const neverWritten = !entry.live && entry.born === frozenGeneration;
    if (covered || neverWritten) return;
    if (!entry.live && this.#outlive(entry)) return;
    entry.mark = this.#generation;
    this.#listOf(entry.group).push(entry);
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
    const latest = this.#latest;
    if (latest !== undefined && latest.key === key && latest.space.namespace === namespace && latest.live) {
      if (latest.space.droppedIn === 0) return latest;
    }
    const entry = this.#spaceOf(namespace)?.entries.get(key);
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

function noChanges<V>(groups: number): Changes<V> {
  return { lists: new Array<Entry<V>[] | undefined>(groups), drops: new Map(), graves: new Map() };
}

function bury<V>(changes: Changes<V>, namespace: number, entry: Entry<V>): void {
  const graves = changes.graves.get(namespace);
  if (graves === undefined) changes.graves.set(namespace, new Map([[entry.key, entry]]));
  else graves.set(entry.key, entry);
}

function unite(drops: Map<number, Uint32Array>, namespace: number, groups: Uint32Array): void {
  const known = drops.get(namespace);
  drops.set(namespace, known === undefined ? groups : known.map((bits, i) => bits | groups[i]!));
}

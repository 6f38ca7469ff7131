/**
 * A state table whose entries are bytes outside of the heap: one costs the garbage collector nothing, however many there are.
 *
 * Owns: what has become of entries since the last freeze. A freeze takes lists away and copies nothing: the value of an entry that waits in a frozen list is
 * copied before it is changed. Values are read and written each time, so this is for those that nobody changes in place (`asBytes`), or but in slots of one
 * size; one that has outgrown them lies as its codec writes it.
 * Does not own: namespaces (space-table.ts), memory (byte-space.ts), encoding (frozen-bytes.ts).
 * Invariants: S3 at most one entry per (namespace, key); S44 what a freeze saw is what its delta holds: each entry that has changed since it was last durable,
 * as it was at the freeze, or its tombstone.
 */
import { type ByteReader, ByteWriter, KeyBytes } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { ByteSpace } from './byte-space.ts';
import { FrozenBytes } from './frozen-bytes.ts';
import { ListedEntries } from './listed-entries.ts';
import { MergedSlots } from './merged-slots.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import { SpaceTable } from './space-table.ts';
import type { RecordReader } from './state-record.ts';
import type { SlotChange, SlotMerge, SlotPlace, SlotTable, TableEntry } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

export class ByteTable<V> extends SpaceTable<ByteSpace, FrozenBytes> implements SlotTable<V>, SnapshotTable {
  readonly #codec: ValueCodec<V>;
  readonly #key = new KeyBytes();
  readonly #value = new ByteWriter();
  /** Of the key that was asked for last, if that is known: rows ask for theirs several times. */
  #latestKey: string | undefined;
  #latestSpace: ByteSpace | undefined;
  #latest = 0;

  /** Since the last freeze: entries that have changed, and those of them that were deleted, which may have come back. */
  #listed: ListedEntries;
  #deleted: ListedEntries;

  /** @param owned the key groups of this subtask, as [from, to) */
  constructor(name: string, codec: ValueCodec<V>, owned: readonly [number, number]) {
    super(name, codec.id, owned);
    this.#codec = codec;
    this.#listed = new ListedEntries(owned);
    this.#deleted = new ListedEntries(owned);
  }

  get(namespace: number, key: string): V | undefined {
    const space = this.space(namespace);
    if (space === undefined) return undefined;
    const entry = this.#find(space, key);
    return entry === 0 || !space.isLive(entry) ? undefined : this.#valueOf(space, entry);
  }

  modify(): never {
    throw new WeirError('E_INTERNAL', `broken invariant: S44: a value of state '${this.name}' is put, not changed in place`);
  }

  put(namespace: number, key: string, group: number, value: V): void {
    const { slots } = this.#codec;
    const room = slots === undefined ? this.#written(value).length : slots.bytes;
    const space = this.opened(namespace, this.generation);
    const known = this.#find(space, key);
    const entry = this.#living(space, known, this.#key, group, room);
    this.#latest = entry;
    if (slots === undefined) return space.write(entry, this.#value);
    const { view, at } = space.makeSlots(entry, slots.bytes);
    if (!slots.write(view, at, value)) space.write(entry, this.#written(value));
  }

  changeAt(namespace: number, key: KeyBytes, group: number, { round, empty }: SlotChange): SlotPlace | undefined {
    const space = this.opened(namespace, this.generation);
    const known = space.findBytes(key);
    if (known !== 0 && space.isLive(known)) {
      if (!space.hasSlots(known)) return undefined;
      this.#touch(space, known);
      return space.changing(known, round);
    }
    const entry = this.#living(space, known, key, group, empty.length);
    this.#forget();
    return space.empty(entry, empty, round);
  }

  merged(namespaces: Iterable<number>, wanted: (group: number) => boolean, merge: SlotMerge): TableEntry<V>[] | undefined {
    let merged: MergedSlots<V> | undefined;
    for (const namespace of namespaces) {
      const space = this.space(namespace);
      if (space === undefined) continue;
      merged ??= new MergedSlots(this.#codec.slots!, merge, space);
      for (const entry of space.all())
        if (wanted(space.groupOf(entry)) && !(space.hasSlots(entry) && merged.add(space, entry))) return undefined;
    }
    return merged?.all() ?? [];
  }

  /** The entry, to be changed now; made, or alive again, where there was none. */
  #living(space: ByteSpace, known: number, key: KeyBytes, group: number, room: number): number {
    this.requireOwned(group);
    const entry = known === 0 ? space.add(key, group, room) : known;
    this.#touch(space, entry);
    if (!space.isLive(entry)) {
      space.revive(entry, this.generation);
      this.rows++;
    }
    return entry;
  }

  delete(namespace: number, key: string): boolean {
    const space = this.space(namespace);
    const entry = space === undefined ? 0 : this.#find(space, key);
    if (space === undefined || entry === 0 || !space.isLive(entry)) return false;
    if (space.bornIn(entry) === this.generation) space.remove(entry, key);
    else {
      this.#touch(space, entry);
      space.die(entry, key);
    }
    this.#deleted.add(space, entry, space.groupOf(entry));
    this.rows--;
    this.#forget();
    if (space.size === 0) this.drop(namespace);
    return true;
  }

  *entries(namespace: number): Generator<TableEntry<V>, void> {
    const space = this.space(namespace);
    if (space !== undefined) for (const entry of space.all()) yield this.#entry(space, entry);
  }

  next(namespace: number, entries: number): readonly TableEntry<V>[] {
    const space = this.space(namespace);
    return space === undefined ? [] : space.some(entries).map((entry) => this.#entry(space, entry));
  }

  count(namespace: number): number {
    return this.space(namespace)?.size ?? 0;
  }

  override drop(namespace: number): void {
    const space = this.space(namespace);
    if (space === undefined) return;
    super.drop(namespace);
    this.#listed.drop(space);
    this.#deleted.drop(space);
  }

  #entry(space: ByteSpace, entry: number): TableEntry<V> {
    return { key: space.keyOf(entry), group: space.groupOf(entry), value: this.#valueOf(space, entry) };
  }

  #valueOf(space: ByteSpace, entry: number): V {
    if (space.hasSlots(entry)) return this.#inSlots(space, entry);
    const bytes = space.reader(entry);
    const value = this.#codec.read(bytes);
    if (bytes.remaining === 0) return value;
    throw new WeirError('E_STATE_DAMAGED', `a value of state is not what codec ${this.codecId} wrote`);
  }

  #inSlots(space: ByteSpace, entry: number): V {
    const { view, at } = space.slots(entry);
    return this.#codec.slots!.read(view, at);
  }

  #written(value: V): ByteWriter {
    this.#value.reset();
    this.#codec.write(this.#value, value);
    return this.#value;
  }

  /** The entry of a key, 0: there is none, and `#key` is that key. */
  #find(space: ByteSpace, key: string): number {
    if (key === this.#latestKey && space === this.#latestSpace) return this.#latest;
    this.#latestKey = key;
    this.#latestSpace = space;
    return (this.#latest = space.find(key));
  }

  #forget(): void {
    this.#latestKey = undefined;
    this.#latestSpace = undefined;
  }

  // ── snapshots

  /** Before an entry becomes something else. */
  #touch(space: ByteSpace, entry: number): void {
    if (space.listedIn(entry) === this.generation) return;
    this.frozen?.save(space, entry);
    this.#list(space, entry);
  }

  #list(space: ByteSpace, entry: number): void {
    space.list(entry, this.generation);
    this.#listed.add(space, entry, space.groupOf(entry));
  }

  freeze(): FrozenBytes {
    return this.freezing((generation, _grown, drops) => {
      const changes = { listed: this.#listed, deleted: this.#deleted, drops };
      this.#listed = new ListedEntries(this.owned);
      this.#deleted = new ListedEntries(this.owned);
      return new FrozenBytes(this as ByteTable<unknown>, generation, this.owned[0], changes);
    });
  }

  /** The bytes of a value that lies in slots, as its codec writes it; undefined: it lies so. */
  encoded(space: ByteSpace, entry: number): Uint8Array | undefined {
    return space.hasSlots(entry) ? this.#written(this.#inSlots(space, entry)).finish() : undefined;
  }

  /** Tombstones are durable: no delta need speak of what they are of again. */
  written(): void {
    const { frozen } = this;
    if (frozen === null) return;
    this.frozen = null;
    for (const { space, entry } of frozen.changes.deleted.all()) {
      const isOver = space.isGone(entry) || space.isDead(entry);
      if (isOver && space.listedIn(entry) === frozen.generation) space.free(entry);
    }
    this.#forget();
  }

  failed(): void {
    const { frozen } = this;
    if (frozen === null) return;
    this.frozen = null;
    const isLeft = (space: ByteSpace, entry: number): boolean =>
      space.droppedIn === 0 && space.listedIn(entry) === frozen.generation;
    for (const { space, entry } of frozen.changes.deleted.all()) {
      if (!isLeft(space, entry)) continue;
      if (space.isGone(entry)) space.free(entry);
      else if (space.isDead(entry)) this.#deleted.add(space, entry, space.groupOf(entry));
    }
    for (const { space, entry } of frozen.changes.listed.all())
      if (isLeft(space, entry) && !space.isFree(entry)) this.#list(space, entry);
    this.dropAgain(frozen);
    this.#forget();
  }

  // ── restore

  /** It is in a chunk already, so it has not changed. Until it does it lies as its codec has written it, also where there are slots. */
  load(group: number, { namespace, bytes, from, keyEnd, valueFrom, to }: RecordReader): void {
    this.requireOwned(group);
    this.opened(namespace, 0).load({ bytes, from, keyEnd, group, valueFrom, to }, this.#codec.slots?.bytes ?? 0);
    this.rows++;
  }

  override renew(group: number, record: RecordReader, read?: (from: ByteReader) => unknown): void {
    const codec = read === undefined ? this.#codec : { ...this.#codec, read: read as ValueCodec<V>['read'] };
    this.put(record.namespace, record.key, group, record.decode(codec));
  }

  protected made(namespace: number, born: number): ByteSpace {
    return new ByteSpace(namespace, born, this.owned, this.segments, this.#key);
  }
}

/**
 * A state table whose entries are bytes outside of the heap: one costs the garbage collector nothing, however many there are.
 *
 * Owns: what has become of entries since the last freeze. A freeze takes lists away and copies nothing: the value of an entry that waits in a frozen list is
 * copied before it is changed. Values are read and written each time, so this is for those that nobody changes in place (`asBytes`).
 * Does not own: namespaces (space-table.ts), memory (byte-space.ts), encoding (frozen-bytes.ts).
 * Invariants: S3 at most one entry per (namespace, key); S44 what a freeze saw is what its delta holds: each entry that has changed since it was last durable,
 * as it was at the freeze, or its tombstone.
 */
import { type ByteReader, ByteWriter, KeyBytes } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { ByteSpace } from './byte-space.ts';
import { FrozenBytes } from './frozen-bytes.ts';
import { ListedEntries } from './listed-entries.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import { SpaceTable } from './space-table.ts';
import type { RecordReader } from './state-record.ts';
import type { StateTable, TableEntry } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

export class ByteTable<V> extends SpaceTable<ByteSpace, FrozenBytes> implements StateTable<V>, SnapshotTable {
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
    return entry === 0 || !space.isLive(entry) ? undefined : this.#read(space.reader(entry), this.#codec);
  }

  modify(): never {
    throw new WeirError('E_INTERNAL', `broken invariant: S44: a value of state '${this.name}' is put, not changed in place`);
  }

  put(namespace: number, key: string, group: number, value: V): void {
    this.#value.reset();
    this.#codec.write(this.#value, value);
    this.requireOwned(group);
    const space = this.opened(namespace, this.generation);
    const known = this.#find(space, key);
    const entry = known === 0 ? space.add(key, group, this.#value.length) : known;
    this.#touch(space, entry);
    if (!space.isLive(entry)) {
      space.revive(entry, this.generation);
      this.rows++;
    }
    space.write(entry, this.#value);
    this.#latest = entry;
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
    const value = this.#read(space.reader(entry), this.#codec);
    return { key: space.keyOf(entry), group: space.groupOf(entry), value };
  }

  #read(bytes: ByteReader, codec: ValueCodec<V>): V {
    const value = codec.read(bytes);
    if (bytes.remaining === 0) return value;
    throw new WeirError('E_STATE_DAMAGED', `a value of state is not what codec ${codec.id} wrote`);
  }

  /** The entry of a key, 0: there is none. */
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

  /** It is in a chunk already, so it has not changed. */
  load(group: number, { namespace, bytes, from, keyEnd, valueFrom, to }: RecordReader): void {
    this.requireOwned(group);
    this.opened(namespace, 0).load(bytes, from, keyEnd, group, bytes, valueFrom, to);
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

/**
 * The entries of a table of bytes that have changed up to a barrier, being encoded while they go on changing.
 *
 * Owns: what entries were at the freeze that have changed since. Invariants: S44 (byte-table.ts).
 */
import { Memory } from '../batch/index.ts';
import { dropsOf } from './by-group.ts';
import type { ByteSpace } from './byte-space.ts';
import type { ByteTable } from './byte-table.ts';
import type { ChunkBuilder } from './chunk.ts';
import type { ListedEntries } from './listed-entries.ts';
import type { FrozenChanges } from './snapshot-table.ts';
import type { Drops } from './space-table.ts';
import { dropped, recordKind } from './state-record.ts';

/** What has become of a table since a freeze. */
export interface ByteChanges {
  readonly listed: ListedEntries;
  /** Those of them that were deleted, some of which have come back. */
  readonly deleted: ListedEntries;
  readonly drops: Drops;
}
/** The bytes of a value; null: it was deleted. */
type Saved = Uint8Array | null;

export class FrozenBytes implements FrozenChanges {
  readonly table: ByteTable<unknown>;
  readonly generation: number;
  readonly changes: ByteChanges;
  readonly #first: number;
  readonly #saved = new Map<ByteSpace, Map<number, Saved>>();
  #record = new Memory(256);
  #group = 0;
  #drops: readonly number[] = [];

  /** @param first the first owned group */
  constructor(table: ByteTable<unknown>, generation: number, first: number, changes: ByteChanges) {
    this.table = table;
    this.generation = generation;
    this.changes = changes;
    this.#first = first;
  }

  /** Before anything becomes of an entry: it is kept as it is, if it is in these lists. */
  save(space: ByteSpace, entry: number): void {
    if (space.listedIn(entry) !== this.generation) return;
    const saved = space.isLive(entry) ? (this.table.encoded(space, entry) ?? space.valueBytes(entry)) : null;
    const ofSpace = this.#saved.get(space);
    if (ofSpace === undefined) this.#saved.set(space, new Map([[entry, saved]]));
    else ofSpace.set(entry, saved);
  }

  open(group: number): number {
    this.#group = group;
    this.#drops = dropsOf(this.changes.drops, group - this.#first);
    return this.#drops.length + this.changes.listed.count(group);
  }

  encode(i: number, builder: ChunkBuilder): Uint8Array | null {
    if (i < this.#drops.length) return builder.add(dropped(this.#drops[i]!));
    const { listed } = this.changes;
    const space = listed.spaceOf(this.#group, i - this.#drops.length);
    return space === null ? null : this.#encode(space, listed.entryOf(this.#group, i - this.#drops.length), builder);
  }

  #encode(space: ByteSpace, entry: number, builder: ChunkBuilder): Uint8Array | null {
    const isAsItWas = space.listedIn(entry) === this.generation;
    if (isAsItWas && space.isGone(entry)) return null;
    const value = isAsItWas ? this.#valueOf(space, entry) : this.#saved.get(space)!.get(entry)!;
    const size = space.recordBytes(entry, value);
    if (size > this.#record.bytes.length) this.#record = new Memory(size * 2);
    space.putRecord(entry, this.#record, value);
    return builder.addBytes(value === null ? recordKind.delete : recordKind.put, space.namespace, this.#record.bytes, 0, size);
  }
  /** Undefined: as it lies there. */
  #valueOf(space: ByteSpace, entry: number): Saved | undefined {
    return space.isDead(entry) ? null : this.table.encoded(space, entry);
  }
}

/**
 * The rows of a log that were added or marked up to a barrier, being encoded while more come.
 *
 * Owns: their order, which is that of their numbers. Invariants: S36 (row-log.ts); S17 (state-record.ts).
 */
import { type ByGroup, byGroup, dropsOf } from './by-group.ts';
import type { ChunkBuilder } from './chunk.ts';
import type { RowLog } from './row-log.ts';
import type { Added, RowSpace } from './row-space.ts';
import type { FrozenChanges } from './snapshot-table.ts';
import type { Drops } from './space-table.ts';
import { dropped, recordKind } from './state-record.ts';

/** A row that was marked after it had been added. */
export interface Marked {
  readonly space: RowSpace;
  readonly row: number;
}
/** What has become of a log since a freeze. */
export interface RowChanges {
  /** Oldest first. */
  readonly added: readonly Added[];
  /** By owned group. */
  readonly marked: (Marked[] | undefined)[];
  readonly drops: Drops;
}
export class FrozenRows implements FrozenChanges {
  readonly table: RowLog;
  readonly generation: number;
  readonly changes: RowChanges;
  readonly #first: number;
  /** The last generation whose rows are durable. */
  readonly #durable: number;
  #drops: readonly number[] = [];
  /** Where the rows of the group begin. */
  #from = 0;
  #rows = 0;
  #marked: readonly Marked[] = [];
  #sorted: ByGroup | undefined;

  /** @param first the first owned group */
  constructor(table: RowLog, generation: number, durable: number, first: number, changes: RowChanges) {
    this.table = table;
    this.generation = generation;
    this.changes = changes;
    this.#durable = durable;
    this.#first = first;
  }

  open(group: number): number {
    const bit = group - this.#first;
    const { marked, drops } = this.changes;
    this.#drops = dropsOf(drops, bit);
    // Not in the freeze, which nobody is to wait for.
    this.#sorted ??= this.#sort();
    this.#from = this.#sorted.starts[bit]!;
    this.#rows = this.#sorted.starts[bit + 1]! - this.#from;
    this.#marked = (marked[bit] ?? []).filter(({ space, row }) => this.#isThere(space) && space.bornIn(row) <= this.#durable);
    return this.#drops.length + this.#rows + this.#marked.length;
  }

  encode(i: number, builder: ChunkBuilder): Uint8Array | null {
    if (i < this.#drops.length) return builder.add(dropped(this.#drops[i]!));
    const row = i - this.#drops.length;
    if (row >= this.#rows) {
      const marked = this.#marked[row - this.#rows]!;
      return this.#encode(marked.space, marked.row, builder);
    }
    const { rows, lists } = this.#sorted!;
    return this.#encode(this.changes.added[lists[this.#from + row]!]!.space, rows[this.#from + row]!, builder);
  }

  #sort(): ByGroup {
    const { added, marked } = this.changes;
    const rows = added.reduce((sum, { count }) => sum + count, 0);
    return byGroup(marked.length, rows, (visit) => {
      added.forEach(({ space, first, count }, list) => {
        if (!this.#isThere(space)) return;
        for (let row = first, left = count; left > 0; row = --left > 0 ? space.after(row) : 0)
          visit(list, row, space.groupOf(row) - this.#first);
      });
    });
  }

  /** What was dropped up to the freeze has no rows. */
  #isThere({ droppedIn }: RowSpace): boolean {
    return droppedIn === 0 || droppedIn > this.generation;
  }

  #encode(space: RowSpace, row: number, builder: ChunkBuilder): Uint8Array | null {
    const from = space.seal(row, this.generation);
    return builder.addBytes(recordKind.put, space.namespace, space.memoryOf(row).bytes, from, space.endOf(row));
  }
}

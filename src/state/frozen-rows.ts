/**
 * The rows of a log that were added or marked up to a barrier, being encoded while more come.
 *
 * Owns: their order, which is that of their numbers. Invariants: S36 (row-log.ts); S17 (state-record.ts).
 */
import type { ChunkBuilder } from './chunk.ts';
import type { RowLog } from './row-log.ts';
import type { Added, RowSpace } from './row-space.ts';
import type { FrozenChanges } from './snapshot-table.ts';
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
  /** Namespaces dropped, with the groups that need to know. */
  readonly drops: Map<number, Uint32Array>;
}
/** Rows in the order of their groups, and within a group as they were added. */
interface Sorted {
  readonly rows: Int32Array;
  /** Of each row the place of its space among those that grew. */
  readonly spaces: Int32Array;
  /** Where each owned group begins, and at last where all end. */
  readonly starts: Int32Array;
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
  #sorted: Sorted | undefined;

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
    this.#drops = [...drops]
      .filter(([, groups]) => (groups[bit >>> 5]! & (1 << (bit & 31))) !== 0)
      .map(([namespace]) => namespace);
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
    const { rows, spaces } = this.#sorted!;
    return this.#encode(this.changes.added[spaces[this.#from + row]!]!.space, rows[this.#from + row]!, builder);
  }

  /** Not in the freeze, which nobody is to wait for. */
  #sort(): Sorted {
    const added = this.changes.added.map(({ space, count }) => (this.#isThere(space) ? count : 0));
    const count = added.reduce((sum, rows) => sum + rows, 0);
    const groups = new Int32Array(count);
    const all = new Int32Array(count);
    const starts = new Int32Array(this.changes.marked.length + 1);
    let n = 0;
    this.changes.added.forEach(({ space, first }, s) => {
      for (let row = first, left = added[s]!; left > 0; row = --left > 0 ? space.after(row) : 0) {
        const bit = space.groupOf(row) - this.#first;
        groups[n] = bit;
        all[n++] = row;
        starts[bit + 1]!++;
      }
    });
    for (let bit = 1; bit < starts.length; bit++) starts[bit]! += starts[bit - 1]!;
    const sorted = { rows: new Int32Array(count), spaces: new Int32Array(count), starts };
    const next = starts.slice();
    n = 0;
    for (const [s, rows] of added.entries()) {
      for (const end = n + rows; n < end; n++) {
        const to = next[groups[n]!]!++;
        sorted.rows[to] = all[n]!;
        sorted.spaces[to] = s;
      }
    }
    return sorted;
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

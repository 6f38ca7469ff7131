/**
 * What was listed in the spaces of a table up to a barrier, being encoded while the table goes on.
 *
 * Owns: the order, which is that of key groups, drops first. Does not own: what was there at the freeze, and its bytes.
 * Invariants: S17 (state-record.ts).
 */
import { type ByGroup, byGroup, dropsOf } from './by-group.ts';
import type { ChunkBuilder } from './chunk.ts';
import type { FrozenChanges, SnapshotTable } from './snapshot-table.ts';
import type { Drops, TableSpace } from './space-table.ts';
import { dropped } from './state-record.ts';

/** Positions in a space that were listed in one generation. */
export interface Listed<S extends TableSpace> {
  readonly space: S;
  readonly rows: Int32Array;
}
export interface ListedChanges<S extends TableSpace, L extends Listed<S>> {
  readonly listed: readonly L[];
  readonly drops: Drops;
}

export abstract class FrozenListed<S extends TableSpace, L extends Listed<S> = Listed<S>> implements FrozenChanges {
  abstract readonly table: SnapshotTable;
  readonly generation: number;
  readonly changes: ListedChanges<S, L>;
  readonly #owned: readonly [number, number];
  #drops: readonly number[] = [];
  /** Where the rows of the group begin. */
  #from = 0;
  #sorted: ByGroup | undefined;

  /** @param owned the key groups of the subtask, as [from, to) */
  constructor(generation: number, owned: readonly [number, number], changes: ListedChanges<S, L>) {
    this.generation = generation;
    this.changes = changes;
    this.#owned = owned;
  }

  open(group: number): number {
    const bit = group - this.#owned[0];
    this.#drops = dropsOf(this.changes.drops, bit);
    // Not in the freeze, which nobody is to wait for.
    this.#sorted ??= this.#sort();
    this.#from = this.#sorted.starts[bit]!;
    return this.#drops.length + this.#sorted.starts[bit + 1]! - this.#from;
  }

  encode(i: number, builder: ChunkBuilder): Uint8Array | null {
    if (i < this.#drops.length) return builder.add(dropped(this.#drops[i]!));
    const { rows, lists } = this.#sorted!;
    const at = this.#from + i - this.#drops.length;
    return this.put(this.changes.listed[lists[at]!]!.space, rows[at]!, builder);
  }

  /** The group of a row; -1: it has no record. */
  protected abstract groupOf(space: S, row: number): number;
  /** Adds its record. @returns a chunk that got full */
  protected abstract put(space: S, row: number, builder: ChunkBuilder): Uint8Array | null;

  #sort(): ByGroup {
    const [first, end] = this.#owned;
    const { listed } = this.changes;
    const most = listed.reduce((sum, { rows }) => sum + rows.length, 0);
    return byGroup(end - first, most, (visit) => {
      listed.forEach(({ space, rows }, list) => {
        for (const row of rows) {
          const group = this.groupOf(space, row);
          if (group >= 0) visit(list, row, group - first);
        }
      });
    });
  }
}

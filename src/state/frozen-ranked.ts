/**
 * The ranked rows that were put in up to a barrier, being encoded while others take their places.
 *
 * Invariants: S42 (ranked-rows.ts); S17 (state-record.ts).
 */
import { Memory } from '../batch/index.ts';
import type { ChunkBuilder } from './chunk.ts';
import { type ByGroup, byGroup, dropsOf } from './by-group.ts';
import type { RankedRows } from './ranked-rows.ts';
import type { Listed, RankedSpace } from './ranked-space.ts';
import type { FrozenChanges } from './snapshot-table.ts';
import type { Drops } from './space-table.ts';
import { dropped, recordKind } from './state-record.ts';

/** What has become of ranked rows since a freeze. */
export interface RankedChanges {
  readonly listed: readonly Listed[];
  readonly drops: Drops;
}

export class FrozenRanked implements FrozenChanges {
  readonly table: RankedRows;
  readonly generation: number;
  readonly changes: RankedChanges;
  readonly #owned: readonly [number, number];
  #drops: readonly number[] = [];
  /** Where the rows of the group begin. */
  #from = 0;
  #sorted: ByGroup | undefined;
  #record = new Memory(256);

  /** @param owned the key groups of the subtask, as [from, to) */
  constructor(table: RankedRows, generation: number, owned: readonly [number, number], changes: RankedChanges) {
    this.table = table;
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
    const { space } = this.changes.listed[lists[at]!]!;
    return this.#encode(space, rows[at]!, builder);
  }

  #sort(): ByGroup {
    const [first, end] = this.#owned;
    const { listed } = this.changes;
    const most = listed.reduce((sum, { rows }) => sum + rows.length, 0);
    return byGroup(end - first, most, (visit) => {
      listed.forEach(({ space, rows }, list) => {
        for (const row of rows) if (this.#isThere(space, row)) visit(list, row, space.rowGroupOf(row) - first);
      });
    });
  }

  /** It was there at the freeze: its block had not become free, nor is it another one's since. */
  #isThere(space: RankedSpace, row: number): boolean {
    const freed = space.freedIn(row);
    return space.listedIn(row) === this.generation && (freed === 0 || freed > this.generation);
  }

  #encode(space: RankedSpace, row: number, builder: ChunkBuilder): Uint8Array | null {
    const size = space.recordBytes(row);
    if (size > this.#record.bytes.length) this.#record = new Memory(size * 2);
    space.putRecord(row, this.#record, 0);
    return builder.addBytes(recordKind.put, space.namespace, this.#record.bytes, 0, size);
  }
}

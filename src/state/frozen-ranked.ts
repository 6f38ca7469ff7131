/**
 * The ranked rows that were put in up to a barrier, being encoded while others take their places.
 *
 * Invariants: S42 (ranked-rows.ts).
 */
import { Memory } from '../batch/index.ts';
import type { ChunkBuilder } from './chunk.ts';
import { FrozenListed, type Listed, type ListedChanges } from './frozen-listed.ts';
import type { RankedRows } from './ranked-rows.ts';
import type { RankedSpace } from './ranked-space.ts';
import { recordKind } from './state-record.ts';

export class FrozenRanked extends FrozenListed<RankedSpace> {
  readonly table: RankedRows;
  #record = new Memory(256);

  constructor(
    table: RankedRows,
    generation: number,
    owned: readonly [number, number],
    changes: ListedChanges<RankedSpace, Listed<RankedSpace>>,
  ) {
    super(generation, owned, changes);
    this.table = table;
  }

  /** It was there at the freeze: its block had not become free, nor is it another one's since. */
  protected groupOf(space: RankedSpace, row: number): number {
    const freed = space.freedIn(row);
    const isThere = space.listedIn(row) === this.generation && (freed === 0 || freed > this.generation);
    return isThere ? space.rowGroupOf(row) : -1;
  }

  protected put(space: RankedSpace, row: number, builder: ChunkBuilder): Uint8Array | null {
    const size = space.recordBytes(row);
    if (size > this.#record.bytes.length) this.#record = new Memory(size * 2);
    space.putRecord(row, this.#record, 0);
    return builder.addBytes(recordKind.put, space.namespace, this.#record.bytes, 0, size);
  }
}

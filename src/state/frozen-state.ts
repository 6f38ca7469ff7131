/**
 * One operator's changes up to a barrier, on their way into chunks.
 *
 * Owns: the pace. `step` encodes a bounded number of entries, key group by key group, so that each chunk holds few groups.
 * Whoever stores the chunks says `written` once all are durable, or `failed`: then the next freeze includes them again.
 * Invariants: S20 one of the two is said, once; S25 the chunks of one freeze, in order, are one delta: none counts without
 * the others.
 */
import { type Epoch, invariant } from '../core/index.ts';
import { ChunkBuilder, type TableId } from './chunk.ts';
import type { FrozenChanges } from './snapshot-table.ts';

interface Place {
  readonly operator: string;
  readonly keyGroups: number;
  readonly owned: readonly [number, number];
}

export class FrozenState {
  readonly epoch: Epoch;
  readonly #tables: readonly FrozenChanges[];
  readonly #builder: ChunkBuilder;
  readonly #owned: readonly [number, number];
  readonly #ids: readonly TableId[];
  /** What is encoded next: the change `at` of `count` of a table in a group. */
  #group: number;
  #table = -1;
  #at = 0;
  #count = 0;
  #done = false;
  #settled = false;

  constructor(epoch: Epoch, place: Place, tables: readonly FrozenChanges[]) {
    this.epoch = epoch;
    this.#tables = tables;
    this.#builder = new ChunkBuilder(place.operator, place.keyGroups);
    this.#owned = place.owned;
    this.#ids = tables.map(({ table }): TableId => ({ name: table.name, codecId: table.codecId }));
    this.#group = place.owned[0];
  }

  /** Everything has been handed out. */
  get done(): boolean {
    return this.#done;
  }

  /** Written or failed. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Encodes up to `entriesMax` entries: the chunk that got full, or is the last; null if none did. */
  step(entriesMax: number): Uint8Array | null {
    invariant(!this.#settled, `S20: epoch ${this.epoch} was settled before it was encoded`);
    for (let visited = 0; visited < entriesMax; visited++) {
      if (this.#at === this.#count && !this.#next()) {
        this.#done = true;
        return this.#builder.finish();
      }
      const full = this.#tables[this.#table]!.encode(this.#at++, this.#builder);
      if (full !== null) return full;
    }
    return null;
  }

  /** All chunks are durable: they are part of the chain from now on, whether or not their epoch completes. */
  written(): void {
    invariant(this.#done, `S25: epoch ${this.epoch} is not encoded to its end`);
    if (this.#settle()) for (const { table } of this.#tables) table.written();
  }

  /** They are not, or nobody knows: all of it changes back into changes. */
  failed(): void {
    if (this.#settle()) for (const { table } of this.#tables) table.failed();
  }

  /** Goes on to a table that has changes in a group; false if there is none left. */
  #next(): boolean {
    while (this.#group < this.#owned[1]) {
      if (++this.#table === this.#tables.length) {
        this.#table = -1;
        this.#group++;
        continue;
      }
      this.#at = 0;
      this.#count = this.#tables[this.#table]!.open(this.#group);
      this.#builder.at(this.#group, this.#ids[this.#table]!);
      if (this.#count > 0) return true;
    }
    return false;
  }

  #settle(): boolean {
    const first = !this.#settled;
    this.#settled = true;
    return first;
  }
}

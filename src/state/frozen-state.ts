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
import type { FrozenTable } from './frozen-table.ts';
import type { StateRecord } from './state-record.ts';

interface Place {
  readonly operator: string;
  readonly keyGroups: number;
  readonly owned: readonly [number, number];
}

export class FrozenState {
  readonly epoch: Epoch;
  readonly #tables: readonly FrozenTable<unknown>[];
  readonly #builder: ChunkBuilder;
  readonly #records: Iterator<StateRecord | null>;
  #done = false;
  #settled = false;

  constructor(epoch: Epoch, place: Place, tables: readonly FrozenTable<unknown>[]) {
    this.epoch = epoch;
    this.#tables = tables;
    this.#builder = new ChunkBuilder(place.operator, place.keyGroups);
    this.#records = allRecords(this.#builder, place.owned, tables);
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
    for (let visited = 0; visited < entriesMax && !this.#done; visited++) {
      const next = this.#records.next();
      if (next.done === true) {
        this.#done = true;
        return this.#builder.finish();
      }
      const full = next.value === null ? null : this.#builder.add(next.value);
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

  #settle(): boolean {
    const first = !this.#settled;
    this.#settled = true;
    return first;
  }
}

function* allRecords(
  builder: ChunkBuilder,
  owned: readonly [number, number],
  tables: readonly FrozenTable<unknown>[],
): Generator<StateRecord | null> {
  const ids = tables.map(({ table }): TableId => ({ name: table.name, codecId: table.codec.id }));
  for (let group = owned[0]; group < owned[1]; group++) {
    for (let i = 0; i < tables.length; i++) {
      builder.at(group, ids[i]!);
      yield* tables[i]!.records(group);
    }
  }
}

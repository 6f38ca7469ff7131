/**
 * All keyed state of one operator in one subtask: its tables, frozen together.
 *
 * Owns: the declaration of tables and the one freeze that may be under way. Does not own: encoding (frozen-state.ts), restore
 * (load-chunks.ts), the list of chunks (snapshot-chain.ts).
 * Invariants: S20 at most one freeze is neither written nor failed; S24 a table is declared once, with one codec.
 */
import { type Epoch, invariant } from '../core/index.ts';
import type { TableId } from './chunk.ts';
import { FrozenState } from './frozen-state.ts';
import { HeapTable, type TableLimits } from './heap-table.ts';
import type { StateTable } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

export interface OperatorStateOptions {
  readonly operator: string;
  /** Of the whole job. */
  readonly keyGroups: number;
  /** Of this subtask, as [from, to). */
  readonly owned: readonly [number, number];
  readonly limits?: TableLimits;
}

export class OperatorState {
  readonly operator: string;
  readonly keyGroups: number;
  readonly owned: readonly [number, number];
  readonly #tables = new Map<string, HeapTable<unknown>>();
  readonly #limits: TableLimits | undefined;
  #frozen: FrozenState | null = null;

  constructor(options: OperatorStateOptions) {
    this.operator = options.operator;
    this.keyGroups = options.keyGroups;
    this.owned = options.owned;
    this.#limits = options.limits;
  }

  /** Declares a table. Before the first row, and before a restore. */
  table<V>(name: string, codec: ValueCodec<V>): StateTable<V> {
    invariant(!this.#tables.has(name), `S24: operator ${this.operator} declares table ${name} twice`);
    const table = new HeapTable(name, codec, this.owned, this.#limits);
    this.#tables.set(name, table as unknown as HeapTable<unknown>);
    return table;
  }

  /** Entries of all tables. */
  get rows(): number {
    let rows = 0;
    for (const table of this.#tables.values()) rows += table.size;
    return rows;
  }

  /** What the state means: compared at restore. */
  descriptors(): readonly TableId[] {
    return [...this.#tables.values()].map(({ name, codec }) => ({ name, codecId: codec.id }));
  }

  /** For a restore only. */
  heapTable(name: string): HeapTable<unknown> | undefined {
    return this.#tables.get(name);
  }

  /** The state as it is now, to be encoded in steps: everything that changed since the last freeze that was `written`. */
  freeze(epoch: Epoch): FrozenState {
    invariant(
      this.#frozen === null || this.#frozen.settled,
      `S20: epoch ${this.#frozen?.epoch} of operator ${this.operator} is neither written nor failed`,
    );
    const frozen = [...this.#tables.values()].map((table) => table.freeze());
    this.#frozen = new FrozenState(epoch, { operator: this.operator, keyGroups: this.keyGroups, owned: this.owned }, frozen);
    return this.#frozen;
  }
}

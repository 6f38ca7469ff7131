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
import { ByteTable } from './byte-table.ts';
import { HeapTable, type TableLimits } from './heap-table.ts';
import { RankedRows, type RowOrder } from './ranked-rows.ts';
import { RowLog } from './row-log.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import type { SlotTable, StateTable } from './table.ts';
import type { SlotCodec, ValueCodec } from './value-codec.ts';

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
  readonly #tables = new Map<string, SnapshotTable>();
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
    return this.#declared(
      codec.asBytes === true ? new ByteTable(name, codec, this.owned) : new HeapTable(name, codec, this.owned, this.#limits),
    );
  }

  /** The same of values in slots. */
  slots<V>(name: string, codec: SlotCodec<V>): SlotTable<V> {
    return this.#declared(new ByteTable(name, codec, this.owned));
  }

  /** Declares a log of rows. @param id what the bytes of a row are */
  log(name: string, id: string): RowLog {
    return this.#declared(new RowLog(name, id, this.owned));
  }

  /** Declares ranked rows. @param id what the bytes of a row are, and their order */
  ranked(name: string, id: string, order: RowOrder): RankedRows {
    return this.#declared(new RankedRows(name, id, this.owned, order));
  }

  #declared<T extends SnapshotTable>(table: T): T {
    invariant(!this.#tables.has(table.name), `S24: operator ${this.operator} declares table ${table.name} twice`);
    this.#tables.set(table.name, table);
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
    return [...this.#tables.values()].map(({ name, codecId }) => ({ name, codecId }));
  }

  /** For a restore only. */
  snapshotTable(name: string): SnapshotTable | undefined {
    return this.#tables.get(name);
  }

  /** All that a checkpoint has of it is there. */
  loaded(): void {
    for (const table of this.#tables.values()) table.loaded?.();
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

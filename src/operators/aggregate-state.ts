/**
 * The cells of an aggregation, in a table.
 *
 * Owns: accumulating a row into its cell (and undoing that, when guarded). Does not own: when windows fire and where results go
 * (aggregate-operator.ts).
 */
import { type Batch, hashKey, keyGroupOf } from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import type { StateTable } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import { CellImages } from './cell-images.ts';
import type { Cell } from './cell.ts';
import type { Emissions, PendingEmission } from './emissions.ts';
import { type GroupRows, GroupState, type KeyCell } from './group-state.ts';
import { type GroupedKey, groupedKeys } from './key.ts';
import type { OperatorContext } from './operator.ts';

export interface CellOptions {
  readonly accumulators: Accumulators;
  readonly context: OperatorContext;
  readonly keys: readonly string[];
  readonly table: StateTable<Cell>;
  /** What cells were is needed. */
  readonly compares: boolean;
  /** A row was counted here. */
  readonly counted: ((namespace: number, key: string) => void) | undefined;
}

export class AggregateState extends GroupState {
  readonly #table: StateTable<Cell>;
  readonly #context: OperatorContext;
  readonly #counted: CellOptions['counted'];
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  /** Namespace and key of what was empty for a moment at least. */
  #emptied: (readonly [number, string])[] = [];

  constructor({ accumulators, context, keys, table, compares, counted }: CellOptions) {
    super(accumulators, context, compares ? new CellImages((cell) => accumulators.copy(cell)) : undefined);
    this.#context = context;
    this.#counted = counted;
    this.#table = table;
    this.#keysOf = groupedKeys({ columns: keys }, (key) => this.#groupOf(key));
  }

  #groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  rowsOf(batch: Batch): GroupRows {
    const { accumulators } = this;
    const context = this.#context;
    const keyAt = this.#keysOf(batch);
    const readers = accumulators.readers(batch);
    const values: unknown[] = readers.map(() => null);
    let row = 0;
    let at: GroupedKey = { key: '', group: 0 };
    return {
      turn(i) {
        row = i;
        for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(i);
      },
      group() {
        at = keyAt(row);
        return at.group;
      },
      check: () => accumulators.check(values),
      key: () => at.key,
      has: (namespace) => {
        const cell = this.#table.get(namespace, at.key);
        return cell !== undefined && accumulators.holds(cell, values);
      },
      add: (namespace) => {
        if (context.guarded) this.#guarded(namespace, at, () => this.#accumulate(namespace, at, values));
        else this.#accumulate(namespace, at, values);
        this.#counted?.(namespace, at.key);
      },
      takeBack: (namespace) => {
        if (context.guarded) this.#guarded(namespace, at, () => this.#retract(namespace, at.key, values));
        else this.#retract(namespace, at.key, values);
        this.#counted?.(namespace, at.key);
      },
    };
  }

  #accumulate(namespace: number, { key, group }: GroupedKey, values: readonly unknown[]): void {
    const ordinal = this.ordinal + 1;
    this.images?.keep(namespace, key, this.#table.get(namespace, key));
    const known = this.#table.modify(namespace, key);
    const cell = known ?? this.accumulators.newCell(ordinal);
    this.accumulators.accumulate(cell, values, ordinal);
    this.ordinal = ordinal;
    if (known === undefined) this.#table.put(namespace, key, group, cell);
  }

  #retract(namespace: number, key: string, values: readonly unknown[]): void {
    this.images?.keep(namespace, key, this.#table.get(namespace, key));
    const cell = this.#table.modify(namespace, key);
    invariant(cell !== undefined, 'a row that is taken back was counted before');
    this.accumulators.retract(cell, values, ++this.ordinal);
    if (this.accumulators.isEmpty(cell)) this.#emptied.push([namespace, key]);
  }

  #guarded(namespace: number, { key, group }: GroupedKey, change: () => void): void {
    const before = this.#table.get(namespace, key);
    const saved = before === undefined ? undefined : this.accumulators.copy(before);
    try {
      change();
    } catch (thrown) {
      if (saved !== undefined) this.#table.put(namespace, key, group, saved);
      throw thrown;
    }
  }

  namespaces(): Iterable<number> {
    return this.#table.namespaces();
  }

  protected entries(namespace: number): Iterable<KeyCell> {
    return this.#table.entries(namespace);
  }

  protected cellOf(namespace: number, key: string): KeyCell | undefined {
    const value = this.#table.get(namespace, key);
    return value === undefined ? undefined : { key, group: this.#groupOf(key), value };
  }

  changedIn(namespaces: readonly number[], pending: PendingEmission): Iterable<KeyCell> {
    const keys = new Set<string>();
    for (const namespace of namespaces) for (const key of pending.changed.get(namespace) ?? []) keys.add(key);
    return keys.size === 0 ? [] : this.mergedOf(namespaces, keys);
  }

  recall(namespace: number, emissions: Emissions): void {
    for (const { key, group, value } of this.#table.entries(namespace)) emissions.recall(namespace, key, group, value);
  }

  override compared(): void {
    super.compared();
    for (const [namespace, key] of this.#emptied) {
      const cell = this.#table.get(namespace, key);
      if (cell !== undefined && this.accumulators.isEmpty(cell)) this.#table.delete(namespace, key);
    }
    this.#emptied = [];
  }

  emitted(): void {
    // Emissions know themselves what has changed.
  }

  drop(namespace: number): void {
    this.#table.drop(namespace);
  }
}

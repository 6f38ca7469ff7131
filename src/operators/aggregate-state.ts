/**
 * The cells of an aggregation: rows in, windows out.
 *
 * Owns: accumulating a row into its cell (and undoing that, when guarded), lateness (T3), and the merging of a window's
 * sub-slices. Does not own: when windows fire and where results go (aggregate-operator.ts).
 * Invariants: F4 a row is counted in the windows that end after both its stamp and what its key group has fired; F5 the
 * order of a window's keys is that of their first rows in it.
 */
import { hashKey, keyGroupOf } from '../batch/index.ts';
import type { StateTable, TableEntry } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import type { OperatorContext } from './operator.ts';
import { PerGroup } from './per-group.ts';

/** A key's part of a window. */
export type KeyCell = TableEntry<Cell>;
/** Whether keys of this group are wanted. */
type Wanted = (group: number) => boolean;

export class AggregateState {
  readonly table: StateTable<Cell>;
  readonly fired: PerGroup;
  /** Ordinal of the last row. */
  ordinal = 0;
  readonly accumulators: Accumulators;
  readonly #context: OperatorContext;

  constructor(accumulators: Accumulators, context: OperatorContext) {
    this.accumulators = accumulators;
    this.#context = context;
    this.table = context.table('cells', accumulators.codec);
    this.fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  /** Accumulates a row. Throws what a custom aggregate throws; the row is then undone, if guarded. */
  add(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    if (this.#context.guarded) this.#addGuarded(namespace, key, group, values);
    else this.#accumulate(namespace, key, group, values);
  }

  #accumulate(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    const ordinal = this.ordinal + 1;
    if (this.accumulators.mayIgnore) {
      const cell = this.table.get(namespace, key);
      if (cell !== undefined && this.accumulators.ignores(cell, values)) return;
    }
    const known = this.table.modify(namespace, key);
    const cell = known ?? this.accumulators.newCell(ordinal);
    this.accumulators.accumulate(cell, values, ordinal);
    this.ordinal = ordinal;
    if (known === undefined) this.table.put(namespace, key, group, cell);
  }

  #addGuarded(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    const before = this.table.get(namespace, key);
    const saved = before === undefined ? undefined : this.accumulators.copy(before);
    try {
      this.#accumulate(namespace, key, group, values);
    } catch (thrown) {
      if (saved !== undefined) this.table.put(namespace, key, group, saved);
      throw thrown;
    }
  }

  /** Each key of these namespaces once, its cells merged, in the order of first arrival; ties by key. */
  merged(namespaces: Iterable<number>, wanted: Wanted): KeyCell[] {
    const [only, ...others] = namespaces;
    if (only !== undefined && others.length === 0) return inOrder(this.#wantedOf(only, wanted));
    const cells = new Map<string, KeyCell>();
    for (const namespace of namespaces) {
      for (const entry of this.table.entries(namespace)) {
        const { key, group, value } = entry;
        if (!wanted(group)) continue;
        const other = cells.get(key);
        const both = other === undefined ? entry : { key, group, value: this.accumulators.merge(other.value, value) };
        cells.set(key, both);
      }
    }
    return inOrder([...cells.values()]);
  }

  #wantedOf(namespace: number, wanted: Wanted): KeyCell[] {
    const cells: KeyCell[] = [];
    for (const entry of this.table.entries(namespace)) if (wanted(entry.group)) cells.push(entry);
    return cells;
  }

  /** The same of these keys only. */
  mergedOf(namespaces: Iterable<number>, keys: Iterable<string>): KeyCell[] {
    const found: KeyCell[] = [];
    const list = [...namespaces];
    for (const key of keys) {
      let cell: Cell | undefined;
      for (const namespace of list) {
        const value = this.table.get(namespace, key);
        if (value !== undefined) cell = cell === undefined ? value : this.accumulators.merge(cell, value);
      }
      if (cell !== undefined) found.push({ key, group: this.groupOf(key), value: cell });
    }
    return inOrder(found);
  }
}

function inOrder(cells: KeyCell[]): KeyCell[] {
  // So they lie in a table, but for what was restored.
  if (cells.every(({ value }, i) => i === 0 || cells[i - 1]!.value.first < value.first)) return cells;
  return cells.sort((a, b) => a.value.first - b.value.first || (a.key < b.key ? -1 : 1));
}

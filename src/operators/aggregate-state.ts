/**
 * The cells of an aggregation: rows in, windows out.
 *
 * Owns: accumulating a row into its cell (and undoing that, when guarded), lateness (T3), and the merging of a window's
 * sub-slices. Does not own: when windows fire and where results go (aggregate-operator.ts).
 * Invariants: F4 a row is counted in the windows that end after both its stamp and what its key group has fired; F5 the
 * order of a window's keys is that of their first rows in it.
 */
import { hashKey, keyGroupOf } from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import type { StateTable, TableEntry } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { CellImages } from './cell-images.ts';
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
  /** What cells were, where somebody needs it. */
  readonly images: CellImages | undefined;
  readonly #context: OperatorContext;
  /** Namespace and key of what was empty for a moment at least. */
  #emptied: (readonly [number, string])[] = [];

  constructor(accumulators: Accumulators, context: OperatorContext, images?: CellImages) {
    this.accumulators = accumulators;
    this.images = images;
    this.#context = context;
    this.table = context.table('cells', accumulators.codec);
    this.fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  /** Accumulates a row. Throws what a custom aggregate throws; the row is then undone, if guarded. */
  add(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    if (this.#context.guarded) this.#guarded(namespace, key, group, () => this.#accumulate(namespace, key, group, values));
    else this.#accumulate(namespace, key, group, values);
  }

  /** Whether such a row may have been accumulated, and not taken out. */
  has(namespace: number, key: string, values: readonly unknown[]): boolean {
    const cell = this.table.get(namespace, key);
    return cell !== undefined && this.accumulators.holds(cell, values);
  }

  /** Takes out a row that was accumulated. Throws what a custom aggregate throws; that is then undone, if guarded. */
  retract(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    if (this.#context.guarded) this.#guarded(namespace, key, group, () => this.#retract(namespace, key, values));
    else this.#retract(namespace, key, values);
  }

  #retract(namespace: number, key: string, values: readonly unknown[]): void {
    this.images?.keep(namespace, key, this.table.get(namespace, key));
    const cell = this.table.modify(namespace, key);
    invariant(cell !== undefined, 'a row that is taken back was counted before');
    this.accumulators.retract(cell, values, ++this.ordinal);
    if (this.accumulators.isEmpty(cell)) this.#emptied.push([namespace, key]);
  }

  #accumulate(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    const ordinal = this.ordinal + 1;
    if (this.accumulators.mayIgnore) {
      const cell = this.table.get(namespace, key);
      if (cell !== undefined && this.accumulators.ignores(cell, values)) return;
    }
    this.images?.keep(namespace, key, this.table.get(namespace, key));
    const known = this.table.modify(namespace, key);
    const cell = known ?? this.accumulators.newCell(ordinal);
    this.accumulators.accumulate(cell, values, ordinal);
    this.ordinal = ordinal;
    if (known === undefined) this.table.put(namespace, key, group, cell);
  }

  #guarded(namespace: number, key: string, group: number, change: () => void): void {
    const before = this.table.get(namespace, key);
    const saved = before === undefined ? undefined : this.accumulators.copy(before);
    try {
      change();
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
      const cell = this.#mergedCell(list, (namespace) => this.table.get(namespace, key));
      if (cell !== undefined) found.push({ key, group: this.groupOf(key), value: cell });
    }
    return inOrder(found);
  }

  /** A key's cells as they were when the epoch began, merged; undefined: it had none. */
  mergedBefore(namespaces: Iterable<number>, key: string): Cell | undefined {
    return this.#mergedCell(namespaces, (namespace) => {
      const image = this.images!.of(namespace, key);
      return image === undefined ? this.table.get(namespace, key) : (image ?? undefined);
    });
  }

  #mergedCell(namespaces: Iterable<number>, of: (namespace: number) => Cell | undefined): Cell | undefined {
    let merged: Cell | undefined;
    for (const namespace of namespaces) {
      const cell = of(namespace);
      if (cell !== undefined) merged = merged === undefined ? cell : this.accumulators.merge(merged, cell);
    }
    return merged;
  }

  /** Forgets keys of which all rows were taken back. */
  dropEmpty(): void {
    for (const [namespace, key] of this.#emptied) {
      const cell = this.table.get(namespace, key);
      if (cell !== undefined && this.accumulators.isEmpty(cell)) this.table.delete(namespace, key);
    }
    this.#emptied = [];
  }
}

function inOrder(cells: KeyCell[]): KeyCell[] {
  // So they lie in a table, but for what was restored.
  if (cells.every(({ value }, i) => i === 0 || cells[i - 1]!.value.first < value.first)) return cells;
  return cells.sort((a, b) => a.value.first - b.value.first || (a.key < b.key ? -1 : 1));
}

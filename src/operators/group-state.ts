/**
 * What an aggregation knows of its groups: the cells of a key in each sub-slice, and the cells of a window, merged.
 *
 * Owns: what each key group has fired (T3), merging, and the order of keys. Does not own: how cells are kept (aggregate-state.ts, ranked-state.ts).
 * Invariants: F5 the order of a window's keys is that of their first rows in it.
 */
import type { Batch } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { TableEntry } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { CellImages } from './cell-images.ts';
import type { Cell } from './cell.ts';
import type { Emissions, PendingEmission } from './emissions.ts';
import type { OperatorContext } from './operator.ts';
import { PerGroup } from './per-group.ts';

/** A key's part of a window. */
export type KeyCell = TableEntry<Cell>;
/** Whether keys of this group are wanted. */
export type Wanted = (group: number) => boolean;

/** The rows of a batch, one at a time. */
export interface GroupRows {
  /** Turns to a row. */
  turn(i: number): void;
  /** Its key group. Throws `E_VALUE` for a key that cannot be one. */
  group(): number;
  /** Throws `E_VALUE` for values that cannot be taken. */
  check(): void;
  /** The key, of a row whose group was asked for. */
  key(): string;
  /** Whether such a row may have been added here, and not taken back. */
  has(namespace: number): boolean;
  /** Throws what a custom aggregate throws; the row is then undone, if guarded. */
  add(namespace: number): void;
  /** The same of a row that was added. */
  takeBack(namespace: number): void;
}

/** `has` and `takeBack` of groups whose rows do not change. */
export function neverTakenBack(): never {
  throw new WeirError('E_INTERNAL', 'a row is taken back from groups of rows that do not change');
}

export abstract class GroupState {
  readonly fired: PerGroup;
  /** Ordinal of the last row. */
  ordinal = 0;
  readonly accumulators: Accumulators;
  /** What cells were, where somebody needs it. */
  protected readonly images: CellImages | undefined;

  constructor(accumulators: Accumulators, context: OperatorContext, images: CellImages | undefined) {
    this.accumulators = accumulators;
    this.images = images;
    this.fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  abstract rowsOf(batch: Batch): GroupRows;
  abstract namespaces(): Iterable<number>;
  /** The cells of a namespace, each good until a row is added. */
  protected abstract entries(namespace: number): Iterable<KeyCell>;
  protected abstract cellOf(namespace: number, key: string): KeyCell | undefined;
  /** Each key of these namespaces that may have changed since this emission was last due, as `merged` gives them. */
  abstract changedIn(namespaces: readonly number[], pending: PendingEmission): Iterable<KeyCell>;
  /** After a restore: what has not gone out. */
  abstract recall(namespace: number, emissions: Emissions): void;
  /** What was due at a barrier has gone out. */
  abstract emitted(emissions: Emissions): void;
  abstract drop(namespace: number): void;

  /** What cells were is of no use any more, from a barrier on; keys of which all rows were taken back are forgotten. */
  compared(): void {
    this.images?.clear();
  }

  /** Each key of these namespaces once, its cells merged, in the order of first arrival; ties by key. */
  merged(namespaces: Iterable<number>, wanted: Wanted): Iterable<KeyCell> {
    const [only, ...others] = namespaces;
    if (only !== undefined && others.length === 0) return this.ofOne(only, wanted);
    const cells = new Map<string, KeyCell>();
    for (const namespace of namespaces) {
      for (const entry of this.entries(namespace)) {
        const { key, group, value } = entry;
        if (!wanted(group)) continue;
        const other = cells.get(key);
        const both = other === undefined ? entry : { key, group, value: this.accumulators.merge(other.value, value) };
        cells.set(key, both);
      }
    }
    return inOrder([...cells.values()]);
  }

  /** The same of a single namespace. */
  protected ofOne(namespace: number, wanted: Wanted): Iterable<KeyCell> {
    const cells: KeyCell[] = [];
    for (const entry of this.entries(namespace)) if (wanted(entry.group)) cells.push(entry);
    return inOrder(cells);
  }

  /** The same of these keys only. */
  mergedOf(namespaces: readonly number[], keys: Iterable<string>): KeyCell[] {
    const found: KeyCell[] = [];
    for (const key of keys) {
      let merged: KeyCell | undefined;
      for (const namespace of namespaces) {
        const cell = this.cellOf(namespace, key);
        if (cell === undefined) continue;
        merged = merged === undefined ? cell : { ...cell, value: this.accumulators.merge(merged.value, cell.value) };
      }
      if (merged !== undefined) found.push(merged);
    }
    return inOrder(found);
  }

  /** A key's cells as they were when the epoch began, merged; undefined: it had none. */
  mergedBefore(namespaces: Iterable<number>, key: string): Cell | undefined {
    let merged: Cell | undefined;
    for (const namespace of namespaces) {
      const image = this.images!.of(namespace, key);
      const cell = image === undefined ? this.cellOf(namespace, key)?.value : (image ?? undefined);
      if (cell !== undefined) merged = merged === undefined ? cell : this.accumulators.merge(merged, cell);
    }
    return merged;
  }
}

/** Sorts them, unless they lie so. */
export function inOrder(cells: KeyCell[]): KeyCell[] {
  // So they lie in a table, but for what was restored.
  if (cells.every(({ value }, i) => i === 0 || cells[i - 1]!.value.first < value.first)) return cells;
  return cells.sort((a, b) => a.value.first - b.value.first || (a.key < b.key ? -1 : 1));
}

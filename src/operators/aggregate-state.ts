/**
 * The cells of an aggregation: rows in, windows out.
 *
 * Owns: accumulating a row into its cell (and undoing that, when guarded), lateness (T3), and the merging of a window's
 * sub-slices. Does not own: when windows fire and where results go (aggregate-operator.ts).
 * Invariants: F4 a row is counted in the windows that end after both its stamp and what its key group has fired; F5 the
 * order of a window's keys is that of their first rows in it.
 */
import { type Batch, ByteReader, ByteWriter, hashKey, keyGroupOf } from '../batch/index.ts';
import type { StateTable, TableEntry } from '../state/index.ts';
import { type Aggregate } from './aggregates/index.ts';
import { type Cell, cellCodec, mergeCells, newCell } from './cell.ts';
import type { OperatorContext } from './operator.ts';
import { PerGroup } from './per-group.ts';

/** In place of a value that the condition of an aggregate leaves out. */
const leftOut: unique symbol = Symbol('left out');

/** A key's part of a window. */
export type KeyCell = TableEntry<Cell>;
/** Whether keys of this group are wanted. */
type Wanted = (group: number) => boolean;

export class AggregateState {
  readonly table: StateTable<Cell>;
  readonly fired: PerGroup;
  /** Ordinal of the last row. */
  ordinal = 0;
  readonly #aggregates: readonly Aggregate[];
  readonly #checks: readonly Aggregate['check'][];
  readonly #context: OperatorContext;

  constructor(aggregates: readonly Aggregate[], context: OperatorContext) {
    this.#aggregates = aggregates;
    this.#checks = aggregates.map((aggregate) => aggregate.check?.bind(aggregate));
    this.#context = context;
    this.table = context.table('cells', cellCodec(aggregates));
    this.fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  /** Readers of what each aggregate takes. */
  readers(batch: Batch): ((i: number) => unknown)[] {
    return this.#aggregates.map(({ column, where, reader }) => {
      if (reader !== undefined) return reader(batch);
      const read = column === undefined ? () => null : batch.reader(column);
      if (where === undefined) return read;
      const condition = batch.reader(where);
      return (i) => (condition(i) === true ? read(i) : leftOut);
    });
  }

  /** @throws WeirError `E_VALUE` for a value that an aggregate cannot take */
  check(values: readonly unknown[]): void {
    const checks = this.#checks;
    for (let i = 0; i < checks.length; i++) if (values[i] !== leftOut) checks[i]?.(values[i]);
  }

  /** Accumulates a row. Throws what a custom aggregate throws; the row is then undone, if guarded. */
  add(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    if (this.#context.guarded) this.#addGuarded(namespace, key, group, values);
    else this.#accumulate(namespace, key, group, values);
  }

  #accumulate(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    const ordinal = this.ordinal + 1;
    const known = this.table.modify(namespace, key);
    const cell = known ?? newCell(this.#aggregates, ordinal);
    const aggregates = this.#aggregates;
    const { accs } = cell;
    for (let i = 0; i < aggregates.length; i++)
      if (values[i] !== leftOut) accs[i] = aggregates[i]!.accumulate(accs[i], values[i], ordinal);
    cell.last = ordinal;
    this.ordinal = ordinal;
    if (known === undefined) this.table.put(namespace, key, group, cell);
  }

  #addGuarded(namespace: number, key: string, group: number, values: readonly unknown[]): void {
    const before = this.table.get(namespace, key);
    const saved = before === undefined ? undefined : this.#copy(before);
    try {
      this.#accumulate(namespace, key, group, values);
    } catch (thrown) {
      if (saved !== undefined) this.table.put(namespace, key, group, saved);
      throw thrown;
    }
  }

  #copy(cell: Cell): Cell {
    const codec = cellCodec(this.#aggregates);
    const out = new ByteWriter();
    codec.write(out, cell);
    return codec.read(new ByteReader(out.finish()));
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
        const both = other === undefined ? entry : { key, group, value: mergeCells(this.#aggregates, other.value, value) };
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
        if (value !== undefined) cell = cell === undefined ? value : mergeCells(this.#aggregates, cell, value);
      }
      if (cell !== undefined) found.push({ key, group: this.groupOf(key), value: cell });
    }
    return inOrder(found);
  }

  /** The value of an aggregate's column. */
  result(cell: Cell, aggregate: number): unknown {
    return this.#aggregates[aggregate]!.result(cell.accs[aggregate]);
  }
}

function inOrder(cells: KeyCell[]): KeyCell[] {
  // So they lie in a table, but for what was restored.
  if (cells.every(({ value }, i) => i === 0 || cells[i - 1]!.value.first < value.first)) return cells;
  return cells.sort((a, b) => a.value.first - b.value.first || (a.key < b.key ? -1 : 1));
}

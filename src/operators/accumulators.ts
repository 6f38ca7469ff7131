/**
 * The aggregates of one aggregation, side by side: rows into the accumulators of a cell, and what comes of them.
 *
 * Does not own: cells (cell.ts), which of them a row belongs to.
 */
import { type Batch, type BatchBuilder, ByteReader, ByteWriter } from '../batch/index.ts';
import { type AggregateNode, takesChanges } from '../plan/index.ts';
import { type Aggregate, aggregateOf, aggregateOfChanges, aggregateOfParts, countOf } from './aggregates/index.ts';
import type { SlotPlace, Slots, ValueCodec } from '../state/index.ts';
import { accumulatorsAt, type Cell, cellCodec, cellSlots, firstAt, lastAt, mergeCells, newCell } from './cell.ts';

/** In place of a value that the condition of an aggregate leaves out. */
const leftOut: unique symbol = Symbol('left out');

export class Accumulators {
  readonly codec: ValueCodec<Cell>;
  /** Cells where they are changed in place; undefined: these have no form of one size. */
  readonly slots: Slots<Cell> | undefined;
  readonly #aggregates: readonly Aggregate[];
  readonly #checks: readonly Aggregate['check'][];
  /** Where a group has several rows: of each the columns behind the keys, if it may have changed since that ordinal. */
  readonly rows: ((cell: Cell, since: number) => Iterable<readonly unknown[]>) | undefined;
  /** The same, appended to columns: see `Aggregate`. */
  readonly appendRows: ((cell: Cell, since: number, to: BatchBuilder, from: number, head: () => void) => void) | undefined;

  constructor(aggregates: readonly Aggregate[]) {
    this.#aggregates = aggregates;
    this.#checks = aggregates.map((aggregate) => aggregate.check?.bind(aggregate));
    this.codec = cellCodec(aggregates);
    this.slots = cellSlots(aggregates);
    const [only] = aggregates;
    this.rows = only?.rows === undefined ? undefined : (cell, since) => only.rows!(cell.accs[0], since);
    this.appendRows =
      only?.appendRows === undefined
        ? undefined
        : (cell, since, to, from, head) => only.appendRows!(cell.accs[0], since, to, from, head);
  }

  static of(node: AggregateNode): Accumulators {
    const { input, aggregates, parts } = node;
    if (takesChanges(node)) return new CountingAccumulators(aggregates.map(({ spec }) => aggregateOfChanges(spec, input.schema)));
    return new Accumulators(
      aggregates.map(({ spec }, i) =>
        parts === undefined ? aggregateOf(spec, input.schema) : aggregateOfParts(spec, input.schema, parts[i]!),
      ),
    );
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

  newCell(ordinal: number): Cell {
    return newCell(this.#aggregates, ordinal);
  }

  /**
   * Takes a row into a cell. Throws what a custom aggregate throws; the cell is then half changed.
   *
   * @param from so many of its accumulators have it already (0)
   */
  accumulate(cell: Cell, values: readonly unknown[], ordinal: number, from: number = 0): void {
    const aggregates = this.#aggregates;
    const { accs } = cell;
    for (let i = from; i < aggregates.length; i++)
      if (values[i] !== leftOut) accs[i] = aggregates[i]!.accumulate(accs[i], values[i], ordinal);
    cell.last = ordinal;
  }

  /** What the slots of a new cell begin with. */
  emptySlots(): Uint8Array {
    const bytes = new Uint8Array(this.slots!.bytes);
    this.slots!.write(new DataView(bytes.buffer), 0, this.newCell(0));
    return bytes;
  }

  /** Takes a row into the slots of a cell. @returns whether all of it fits, or how many accumulators have it */
  accumulateIn({ view, at, isNew }: Omit<SlotPlace, 'isFirst'>, values: readonly unknown[], ordinal: number): true | number {
    const aggregates = this.#aggregates;
    if (isNew) view.setFloat64(at + firstAt, ordinal, true);
    view.setFloat64(at + lastAt, ordinal, true);
    let place = at + accumulatorsAt;
    for (let i = 0; i < aggregates.length; i++) {
      const { slot } = aggregates[i]!;
      if (values[i] !== leftOut) {
        const acc = aggregates[i]!.accumulate(slot!.load(view, place, true), values[i], ordinal);
        if (!slot!.store(view, place, acc)) return i;
      }
      place += slot!.bytes;
    }
    return true;
  }

  /** Puts what two cells come to into the slots of the first. False: it does not fit, and the first is half changed. */
  mergeSlots(to: DataView, toAt: number, from: DataView, fromAt: number): boolean {
    to.setFloat64(toAt + firstAt, Math.min(to.getFloat64(toAt + firstAt, true), from.getFloat64(fromAt + firstAt, true)), true);
    to.setFloat64(toAt + lastAt, Math.max(to.getFloat64(toAt + lastAt, true), from.getFloat64(fromAt + lastAt, true)), true);
    let place = accumulatorsAt;
    for (const { slot, merge } of this.#aggregates) {
      const both = merge(slot!.load(to, toAt + place), slot!.load(from, fromAt + place));
      if (!slot!.store(to, toAt + place, both)) return false;
      place += slot!.bytes;
    }
    return true;
  }

  /** Takes a row that was taken out of its cell again. Throws what a custom aggregate throws; the cell is then half changed. */
  retract(cell: Cell, values: readonly unknown[], ordinal: number): void {
    const aggregates = this.#aggregates;
    const { accs } = cell;
    for (let i = 0; i < aggregates.length; i++) if (values[i] !== leftOut) accs[i] = aggregates[i]!.retract!(accs[i], values[i]);
    cell.last = ordinal;
  }

  /** False: no such row is in the cell, as far as its aggregates can tell. */
  holds(cell: Cell, values: readonly unknown[]): boolean {
    return this.#aggregates.every(
      ({ holds }, i) => holds === undefined || values[i] === leftOut || holds(cell.accs[i], values[i]),
    );
  }

  /** All of its rows were taken back. */
  isEmpty(_cell: Cell): boolean {
    return false;
  }

  /** A new cell of both. */
  merge(a: Cell, b: Cell): Cell {
    return mergeCells(this.#aggregates, a, b);
  }

  copy(cell: Cell): Cell {
    const out = new ByteWriter();
    this.codec.write(out, cell);
    return this.codec.read(new ByteReader(out.finish()));
  }

  /** The value of an aggregate's column. */
  result(cell: Cell, aggregate: number): unknown {
    return this.#aggregates[aggregate]!.result(cell.accs[aggregate]);
  }
}

/** The same over rows that change: behind the aggregates each cell has the number of its rows. */
class CountingAccumulators extends Accumulators {
  readonly #rowsAt: number;

  constructor(aggregates: readonly Aggregate[]) {
    super([...aggregates, countOf]);
    this.#rowsAt = aggregates.length;
  }

  override isEmpty(cell: Cell): boolean {
    return cell.accs[this.#rowsAt] === 0;
  }
}

/**
 * The order of the rows that `top` keeps, and their form: what is kept of a row, and what it is compared by.
 *
 * Null is behind all values, whatever the order. Does not own: which rows stay (top.ts, ranked-state.ts).
 */
import { type Batch, type BatchSchema, type ColumnBuilder, keyOfOne, type Memory, type SchemaField } from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { TopSpec } from '../../plan/index.ts';
import type { RowOrder } from '../../state/index.ts';
import { type RowBytes, RowForm } from '../row-form.ts';
import { compareValues } from './extremum.ts';

export class Ranking implements RowOrder {
  /** What the bytes of a row are, and in which order they stand. */
  readonly id: string;
  readonly rows: number;
  /** The columns that are kept, and behind them those that rows are compared by and that are not kept otherwise. */
  readonly form: RowForm;
  readonly #spec: TopSpec;
  readonly #signs: readonly number[];
  readonly #readers: readonly ((row: RowBytes) => unknown)[];
  readonly #columns: readonly ((row: RowBytes) => unknown)[];
  readonly #others: readonly null[];
  readonly #row: { memory: Memory; at: number };
  /** Which of what rows are compared by may be no value that can be. */
  readonly #mayBeNone: readonly number[];
  /** Of the batch and the row that were turned to last. */
  #values: readonly ((i: number) => unknown)[] = [];
  #at = 0;

  constructor(spec: TopSpec, input: BatchSchema) {
    const { rows, by, columns } = spec;
    const others = by.map(({ column }) => column).filter((column) => !columns.includes(column));
    const fields = [...columns, ...others].map((column) => fieldIn(input, column));
    this.id = `top ${rows} by ${by.map(({ column, order }) => `${column} ${order}`).join(', ')} of rows (${fields
      .map(({ name, type, nullable }) => `${name} ${type.kind}${nullable ? '?' : ''}`)
      .join(', ')})`;
    this.rows = rows;
    this.form = RowForm.ofColumns(fields);
    this.#spec = spec;
    this.#signs = by.map(({ order }) => (order === 'asc' ? 1 : -1));
    this.#readers = by.map(({ column }) => this.form.reader(column));
    this.#columns = columns.map((column) => this.form.reader(column));
    this.#others = others.map(() => null);
    this.#row = { memory: this.form.memory, at: 0 };
    this.#mayBeNone = by.flatMap(({ column }, n) => (isPlain(fieldIn(input, column)) ? [] : [n]));
  }

  /** The returned function turns to a logical row. */
  turner(batch: Batch): (i: number) => void {
    const values = this.#spec.by.map(({ column }) => batch.reader(column));
    return (i) => {
      this.#values = values;
      this.#at = i;
    };
  }

  /** What the row is compared by that was turned to last. */
  values(): readonly unknown[] {
    return this.#values.map((read) => read(this.#at));
  }

  /** Of that row: throws `E_VALUE` for values that cannot be compared. */
  check(): void {
    for (const n of this.#mayBeNone) {
      const value = this.#values[n]!(this.#at);
      if (typeof value === 'object' && value !== null) keyOfOne(value);
    }
  }

  /** Below 0: the first one stands before the other. */
  compareBy(a: readonly unknown[], b: readonly unknown[]): number {
    for (let i = 0; i < this.#signs.length; i++) {
      const order = compareIn(this.#signs[i]!, a[i], b[i]);
      if (order !== 0) return order;
    }
    return 0;
  }

  isBefore(memory: Memory, at: number): boolean {
    const row = this.#row;
    row.memory = memory;
    row.at = at;
    for (let i = 0; i < this.#signs.length; i++) {
      // Most are told apart by the first.
      const order = compareIn(this.#signs[i]!, this.#values[i]!(this.#at), this.#readers[i]!(row));
      if (order !== 0) return order < 0;
    }
    return false;
  }

  compare(a: Memory, aAt: number, b: Memory, bAt: number): number {
    return this.compareBy(this.byOf({ memory: a, at: aAt }), this.byOf({ memory: b, at: bAt }));
  }

  /** What a row is compared by. */
  byOf(row: RowBytes): readonly unknown[] {
    return this.#readers.map((read) => read(row));
  }

  /** The columns of a row that are kept. */
  columnsOf(row: RowBytes): unknown[] {
    return this.#columns.map((read) => read(row));
  }

  /** Where the form puts a row: into these, which are for the columns that are kept. */
  targets(builders: readonly ColumnBuilder[], from: number): readonly (ColumnBuilder | null)[] {
    return [...builders.slice(from, from + this.#columns.length), ...this.#others];
  }
}

function compareIn(sign: number, x: unknown, y: unknown): number {
  return x === null || y === null ? Number(x === null) - Number(y === null) : sign * compareValues(x, y);
}

const plain: ReadonlySet<string> = new Set(['float64', 'timestamp', 'int64', 'bool', 'string']);
const isPlain = ({ type }: SchemaField): boolean => plain.has(type.kind);

export function fieldIn(schema: BatchSchema, column: string): SchemaField {
  const field = schema.kind === 'any' ? undefined : schema.fields.find(({ name }) => name === column);
  invariant(field !== undefined, `top has a column '${column}'`);
  return field;
}

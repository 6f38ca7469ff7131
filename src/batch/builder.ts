/**
 * Rows into columns.
 *
 * Owns: checking every value against its column. Invariants: B7 a row that throws is not in the batch, not even in part;
 * B2 a batch that was built does not change when the builder goes on.
 */
import type { Batch, SystemColumns } from './batch.ts';
import type { ColumnBuilder } from './column.ts';
import { builderOf } from './columns/index.ts';
import { ColumnarBatch } from './columnar-batch.ts';
import { rowShape } from './row-shape.ts';
import type { BatchSchema } from './schema.ts';
import { TextArena } from './text-arena.ts';
import { valueError } from './value-error.ts';

export class BatchBuilder {
  readonly schema: BatchSchema;
  /** For whoever makes rows column by column, of values that are known to fit: each gets one, then `filled` is called. */
  readonly builders: readonly ColumnBuilder[];
  /** Where texts of this batch may be put as bytes. */
  readonly texts: TextArena = new TextArena();
  private readonly appendRow: (row: object) => void;
  private rows = 0;

  constructor(schema: BatchSchema) {
    this.schema = schema;
    if (schema.kind === 'any') {
      const values = builderOf({ type: { kind: 'any' }, nullable: false }, 'a row');
      this.builders = [values];
      this.appendRow = (row) => values.append(row);
    } else {
      this.builders = schema.fields.map((field) => builderOf(field, `column ${JSON.stringify(field.name)}`, this.texts));
      this.appendRow = rowShape(schema.fields).appender(this.builders);
    }
  }

  get length(): number {
    return this.rows;
  }

  get byteSize(): number {
    let size = 0;
    for (let i = 0; i < this.builders.length; i++) size += this.builders[i]!.byteSize;
    return size;
  }

  /**
   * One more row. A property that is missing or undefined is null; properties without a column are ignored.
   *
   * @throws WeirError `E_VALUE` naming the column and what was there; the row is then left out as a whole
   */
  append(row: object): void {
    if (typeof row !== 'object' || row === null) throw valueError('a row', 'an object', row);
    try {
      this.appendRow(row);
    } catch (error) {
      for (const builder of this.builders) builder.truncate(this.rows);
      throw error;
    }
    this.rows++;
  }

  /** The same of values in the order of the columns; of a schema with columns. */
  appendValues(values: readonly unknown[]): void {
    const { builders } = this;
    try {
      for (let i = 0; i < builders.length; i++) builders[i]!.append(values[i]);
    } catch (error) {
      for (const builder of builders) builder.truncate(this.rows);
      throw error;
    }
    this.rows++;
  }

  /** So many rows were put into the builders of all columns by whoever called this. */
  filled(rows: number): void {
    this.rows += rows;
  }

  /** The batch of all rows so far; the builder starts again, empty. */
  build(system: SystemColumns = {}): Batch {
    const { rows } = this;
    const columns = this.builders.map((builder) => builder.build());
    this.rows = 0;
    this.texts.reset();
    return new ColumnarBatch(this.schema, columns, rows, system);
  }
}

/** A batch of these rows. */
export function batchOf(schema: BatchSchema, rows: readonly object[], system?: SystemColumns): Batch {
  const builder = new BatchBuilder(schema);
  for (const row of rows) builder.append(row);
  return builder.build(system);
}

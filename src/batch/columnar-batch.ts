/**
 * The one implementation of `Batch`: columns, an optional selection, and system columns by physical row.
 *
 * Owns: views. None of them copies a column. Does not own: what a column holds (columns/), building (builder.ts).
 * Invariants: see batch.ts.
 */
import { invariant, WeirError } from '../core/index.ts';
import { type Batch, rowKind, type SystemColumns } from './batch.ts';
import type { Column } from './column.ts';
import { AnyColumn } from './columns/index.ts';
import { propertyReader } from './property.ts';
import { rowShape } from './row-shape.ts';
import { type BatchSchema, batchSchema, columnIndex } from './schema.ts';

export class ColumnarBatch implements Batch {
  readonly schema: BatchSchema;
  readonly length: number;
  readonly physicalLength: number;
  readonly columns: readonly Column[];
  readonly selection?: Int32Array;
  readonly system: SystemColumns;
  private makeRow: ((row: number) => object) | undefined;

  constructor(
    schema: BatchSchema,
    columns: readonly Column[],
    physicalLength: number,
    system: SystemColumns,
    selection?: Int32Array,
  ) {
    checkLengths(columns, physicalLength, system);
    this.schema = schema;
    this.columns = columns;
    this.physicalLength = physicalLength;
    this.length = selection?.length ?? physicalLength;
    this.system = system;
    if (selection !== undefined) this.selection = selection;
  }

  get byteSize(): number {
    const { stamps, kinds, origin } = this.system;
    const system = (stamps?.byteLength ?? 0) + (kinds?.byteLength ?? 0) + (origin?.records?.byteLength ?? 0);
    const whole = this.columns.reduce((sum, column) => sum + column.byteSize, system);
    return this.selection === undefined ? whole : Math.ceil((whole * this.length) / Math.max(1, this.physicalLength));
  }

  physical(i: number): number {
    return this.selection === undefined ? i : this.selection[i]!;
  }

  row(i: number): object {
    this.makeRow ??= this.rowMaker();
    return this.makeRow(this.physical(i));
  }

  value(name: string, i: number): unknown {
    return this.reader(name)(i);
  }

  reader(name: string): (i: number) => unknown {
    const { selection } = this;
    const get = this.physicalReader(name);
    return selection === undefined ? get : (i) => get(selection[i]!);
  }

  stamp(i: number): number {
    return this.system.stamps?.[this.physical(i)] ?? Number.NEGATIVE_INFINITY;
  }

  stamps(): (i: number) => number {
    const { selection } = this;
    const { stamps } = this.system;
    if (stamps === undefined) return () => Number.NEGATIVE_INFINITY;
    return selection === undefined ? (i) => stamps[i]! : (i) => stamps[selection[i]!]!;
  }

  kind(i: number): number {
    return this.system.kinds?.[this.physical(i)] ?? rowKind.insert;
  }

  position(i: number): string {
    const { origin } = this.system;
    if (origin === undefined) return '';
    const row = this.physical(i);
    return `${origin.split}#${origin.first + (origin.records?.[row] ?? row)}`;
  }

  select(rows: Int32Array): Batch {
    const { selection } = this;
    return this.view(selection === undefined ? rows : rows.map((row) => selection[row] ?? -1));
  }

  slice(from: number, to: number): Batch {
    invariant(from >= 0 && from <= to && to <= this.length, 'B3: a slice is within its batch');
    if (from === 0 && to === this.length) return this;
    return this.view(this.selection?.subarray(from, to) ?? Int32Array.from({ length: to - from }, (_, i) => from + i));
  }

  withSystem(system: SystemColumns): Batch {
    return new ColumnarBatch(this.schema, this.columns, this.physicalLength, system, this.selection);
  }

  project(names: readonly string[]): Batch {
    if (this.schema.kind === 'any') return this.projectValues(names);
    const indices = names.map((name) => this.indexOf(name));
    const { fields } = this.schema;
    const columns = indices.map((index) => this.columns[index]!);
    return new ColumnarBatch(
      batchSchema(indices.map((index) => fields[index]!)),
      columns,
      this.physicalLength,
      this.system,
      this.selection,
    );
  }

  private view(selection: Int32Array): Batch {
    const last = selection[selection.length - 1] ?? -1;
    invariant((selection[0] ?? 0) >= 0 && last < this.physicalLength, 'B3: selected rows are within their batch');
    return new ColumnarBatch(this.schema, this.columns, this.physicalLength, this.system, selection);
  }

  private rowMaker(): (row: number) => object {
    const { schema, columns } = this;
    if (schema.kind === 'any') return (row) => columns[0]!.get(row) as object;
    return rowShape(schema.fields).maker(columns);
  }

  private physicalReader(name: string): (row: number) => unknown {
    if (this.schema.kind === 'any') return propertyOf(this.columns[0]!, name);
    const column = this.columns[this.indexOf(name)]!;
    return column.reader?.() ?? ((row) => column.get(row));
  }

  private indexOf(name: string): number {
    const index = columnIndex(this.schema, name);
    if (index < 0) throw new WeirError('E_SCHEMA', `a batch has no column ${JSON.stringify(name)}`);
    return index;
  }

  private projectValues(names: readonly string[]): Batch {
    const values = names.map((name) => propertyOf(this.columns[0]!, name));
    const rows = Array.from({ length: this.physicalLength }, (_, row) =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!(row)])),
    );
    const column = new AnyColumn(rows.length, this.columns[0]!.byteSize, rows, null);
    return new ColumnarBatch(this.schema, [column], this.physicalLength, this.system, this.selection);
  }
}

function propertyOf(column: Column, name: string): (row: number) => unknown {
  const read = propertyReader(name);
  return (row) => {
    const value = column.get(row);
    return typeof value === 'object' && value !== null ? (read(value) ?? null) : null;
  };
}

/** Once per view: the message is made only where it is needed. */
function checkLengths(columns: readonly Column[], length: number, { stamps, kinds, origin }: SystemColumns): void {
  for (let i = 0; i < columns.length; i++) checkLength(columns[i], length);
  checkLength(stamps, length);
  checkLength(kinds, length);
  checkLength(origin?.records, length);
}

function checkLength(part: { readonly length: number } | undefined, length: number): void {
  if (part !== undefined && part.length !== length) invariant(false, `B3: a column has ${part.length} rows, its batch ${length}`);
}

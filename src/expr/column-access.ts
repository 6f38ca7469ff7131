/** The columns of a batch, as expressions reach them: by path, and by physical row. */
import { type Batch, type BatchSchema, type Column, ColumnarBatch, columnIndex, StructColumn } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ColumnNode } from './node.ts';

/** A value by physical row; null where it, or what it lies in, is null or missing. */
export type PhysicalReader = (row: number) => unknown;

/** Whether a path leads to a column of its own: not where it leads into rows, or values, without a schema. */
export function isStored(schema: BatchSchema, { path: [first, ...rest] }: ColumnNode): boolean {
  let type = schema.kind === 'any' ? undefined : schema.fields[columnIndex(schema, first)]?.type;
  for (const name of rest) type = type?.kind === 'struct' ? type.fields.find((field) => field.name === name)?.type : undefined;
  return type !== undefined;
}

/** The column that a path leads to (isStored). */
export function columnAt(batch: Batch, { path }: ColumnNode): Column {
  const [first, ...rest] = path;
  let column = batch.columns[columnIndex(batch.schema, first)];
  for (const name of rest) column = column instanceof StructColumn ? column.child(name) : undefined;
  if (column === undefined) throw new WeirError('E_SCHEMA', `a batch has no column ${JSON.stringify(path.join('.'))}`);
  return column;
}

export function physicalReader(batch: Batch, node: ColumnNode): PhysicalReader {
  if (isStored(batch.schema, node)) {
    const column = columnAt(batch, node);
    return column.reader?.() ?? ((row) => column.get(row));
  }
  const [first, ...rest] = node.path;
  const whole = new ColumnarBatch(batch.schema, batch.columns, batch.physicalLength, {});
  const read = whole.reader(first);
  return rest.length === 0 ? read : (row) => rest.reduce(propertyOf, read(row));
}

/** Of an object; null where there is none, or none of that name. */
export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? ((value as Record<string, unknown>)[name] ?? null)
    : null;
}

/** What happens to rows, as a column of them: what they are to each other becomes what they say. */
import { type Batch, rowKind } from './batch.ts';
import { ColumnarBatch } from './columnar-batch.ts';
import { AnyColumn, EncodedStringColumn } from './columns/index.ts';
import { batchSchema, type BatchSchema, type SchemaField } from './schema.ts';

/** Side by side in the order of `rowKind`, each so long. */
const all = '+I+U-D-U';
const opBytes = 2;
const texts = Buffer.from(all, 'latin1');

/** A row is new, is replaced (as it was, then as it is), or is gone. */
const opOf = (kind: number): string => all.slice(kind * opBytes, (kind + 1) * opBytes);

const opField = (name: string): SchemaField => ({ name, type: { kind: 'string' }, nullable: false });

/** The schema with the column behind its own. */
export function schemaWithOps(schema: BatchSchema, name: string): BatchSchema {
  return schema.kind === 'any' ? schema : batchSchema([...schema.fields, opField(name)]);
}

/** The batch with that column. Its rows are what they were to each other still. */
export function withOps(batch: Batch, name: string): Batch {
  const { schema } = batch;
  if (schema.kind === 'any') return anyWithOps(batch, name);
  const { kinds } = batch.system;
  const length = batch.physicalLength;
  const starts = new Uint32Array(length).fill(rowKind.insert * opBytes);
  if (kinds !== undefined) for (let row = 0; row < length; row++) starts[row] = kinds[row]! * opBytes;
  const ends = starts.map((start) => start + opBytes);
  const { type } = opField(name);
  const ops = new EncodedStringColumn(type, texts, starts, ends, null, 'latin1', length * opBytes);
  return new ColumnarBatch(schemaWithOps(schema, name), [...batch.columns, ops], length, batch.system, batch.selection);
}

function anyWithOps(batch: Batch, name: string): Batch {
  const { kinds } = batch.system;
  const [values] = batch.columns;
  const length = batch.physicalLength;
  const rows = Array.from({ length }, (_, row) => ({
    ...(values!.get(row) as object),
    [name]: opOf(kinds?.[row] ?? rowKind.insert),
  }));
  return new ColumnarBatch(
    batch.schema,
    [new AnyColumn(length, batch.byteSize, rows, null)],
    length,
    batch.system,
    batch.selection,
  );
}

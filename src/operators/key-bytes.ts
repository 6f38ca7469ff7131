/** The keys of rows as bytes, from columns: what `keyExtractor` (key.ts) makes as strings. */
import {
  type Batch,
  columnIndex,
  EncodedStringColumn,
  Float64Column,
  Int64Column,
  type KeyBytes,
  StructColumn,
} from '../batch/index.ts';

type WritePart = (row: number) => void;

/**
 * The returned function writes the key of a logical row into `key`, and completes it; it returns the hash.
 *
 * It throws `E_VALUE` for a value that cannot be a key.
 */
export function keyBytesOf(batch: Batch, columns: readonly string[], key: KeyBytes): (row: number) => number {
  const parts = columns.map((column) => partOf(batch, column, key));
  return (row) => {
    key.clear();
    for (let i = 0; i < parts.length; i++) parts[i]!(row);
    return key.complete();
  };
}

function partOf(batch: Batch, name: string, key: KeyBytes): WritePart {
  const column = batch.schema.kind === 'columns' ? batch.columns[columnIndex(batch.schema, name)] : undefined;
  const write =
    column instanceof Float64Column || column instanceof Int64Column
      ? ofNumbers(column, key)
      : column instanceof EncodedStringColumn
        ? ofTexts(column, key)
        : column instanceof StructColumn
          ? ofWindows(column, key)
          : undefined;
  if (write === undefined) {
    const read = batch.reader(name);
    return (row) => key.part(read(row));
  }
  return batch.selection === undefined ? write : (row) => write(batch.physical(row));
}

function ofNumbers(column: Float64Column | Int64Column, key: KeyBytes): WritePart {
  return (row) => {
    const value = column.get(row);
    if (value === null) key.null();
    else key.number(value);
  };
}

function ofTexts(column: EncodedStringColumn, key: KeyBytes): WritePart | undefined {
  const { text, starts, ends, encoding, nulls } = column;
  if (encoding !== 'latin1') return undefined;
  return (row) => {
    if (nulls !== null && column.isNull(row)) key.null();
    else key.ascii(text, starts[row]!, ends[row]!);
  };
}

function ofWindows(column: StructColumn, key: KeyBytes): WritePart | undefined {
  const [startAt, endAt] = [numberOf(column, 'start'), numberOf(column, 'end')];
  if (startAt === undefined || endAt === undefined || column.children.length !== 2) return undefined;
  return (row) => {
    const start = startAt(row);
    const end = endAt(row);
    if (start === null || end === null) key.part(column.get(row));
    else key.window(start, end);
  };
}

/** By physical row: the number in a field of a struct, null where there is none; undefined where it holds no numbers. */
export function numberOf(column: StructColumn, field: string): ((row: number) => number | null) | undefined {
  const child = column.child(field);
  if (!(child instanceof Float64Column)) return undefined;
  return (row) => (column.isNull(row) ? null : child.get(row));
}

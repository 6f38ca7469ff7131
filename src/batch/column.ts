/**
 * One column: values of one type by physical row; and how one is made. Implementations: `columns/`.
 *
 * Invariants: B5 `get` after `append` gives the value that was appended (null for undefined); B6 a column that was built
 * is never written again; B7 a builder whose `append` threw holds what it held before, once it is truncated.
 */
import type { BufferSink, ColumnForm } from './buffers.ts';
import type { DataType } from './schema.ts';

export interface Column {
  readonly type: DataType;
  readonly length: number;
  /** The value as operators see it: number, string, boolean, Uint8Array, array, object; null if it is null. */
  get(row: number): unknown;
  /** The same, quicker, where the column has nothing to ask itself. */
  reader?(): ((row: number) => unknown) | undefined;
  isNull(row: number): boolean;
  readonly byteSize: number;
  /** A column of only these rows, copied. */
  take(rows: Int32Array): Column;
  /** Puts its buffers into `sink` and says how to find them again; `decodeColumn` is the other half. */
  encode(sink: BufferSink): ColumnForm;
}

export interface ColumnBuilder {
  readonly length: number;
  readonly byteSize: number;
  /** @throws WeirError `E_VALUE` if the column cannot hold the value; undefined counts as null */
  append(value: unknown): void;
  /** Null even where the field is not nullable: the children of a null struct. */
  appendNull(): void;
  /** Forgets rows from `length` on. */
  truncate(length: number): void;
  /** The column of all rows so far; the builder starts again, empty. */
  build(): Column;
}

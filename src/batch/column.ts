/** One column: values of one type by physical row. Implementations: `columns/`. */
import type { DataType } from './schema.ts';

export interface Column {
  readonly type: DataType;
  readonly length: number;
  /** The value as operators see it: number, string, boolean, Uint8Array, array, object; null if it is null. */
  get(row: number): unknown;
  isNull(row: number): boolean;
  readonly byteSize: number;
}

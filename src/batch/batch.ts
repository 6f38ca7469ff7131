/**
 * The unit that moves: columns of equal length and, beside them, what the engine knows of each row.
 *
 * Owns: the shape of a batch and its views (`select`, `slice`). Does not own: building (builder.ts), bytes (codec.ts).
 * Invariants: B2 a batch never changes once it was emitted; B3 `selection` and all system columns speak of physical rows;
 * B4 `stamps[i]` is the watermark of row i's split just before the row (-Infinity where no watermark was assigned).
 */
import type { Column } from './column.ts';
import type { BatchSchema } from './schema.ts';

/**
 * How a row stands to earlier rows of its key. `insert`: a new row. `update`: replaces its key's last. `delete`: takes it back. `updateBefore`: takes it
 * back because another comes in its place; only rows that are retracted are told so.
 */
export const rowKind = { insert: 0, update: 1, delete: 2, updateBefore: 3 } as const;

/** Rows of this kind take back a row like themselves. */
export const takesBack = (kind: number): boolean => kind >= rowKind.delete;

/** Where rows come from, for messages and dead letters: split, and the ordinal of each row's record in it. */
export interface Origin {
  readonly split: string;
  /** Ordinal of the record of physical row 0, from 0. */
  readonly first: number;
  /** Per physical row: its record's offset from `first`. Absent: row i is record `first + i`. */
  readonly records?: Int32Array;
}

export interface SystemColumns {
  /** Per physical row (B4); absent = -Infinity for all. */
  readonly stamps?: Float64Array;
  /** The stamps are also an advance of the channel: all rows come from one split (T6). */
  readonly advances?: boolean;
  /** Per physical row, of `rowKind`; absent = all insert. */
  readonly kinds?: Uint8Array;
  readonly origin?: Origin;
  /** Rows of a complete result: the epoch at whose barrier it was emitted. It replaces all of an earlier one. */
  readonly emission?: number;
}

export interface Batch {
  readonly schema: BatchSchema;
  /** Rows that count: the selected ones. */
  readonly length: number;
  /** Rows that the columns hold. */
  readonly physicalLength: number;
  /** In the order of the schema's fields; for a schema of kind `any`, one column. */
  readonly columns: readonly Column[];
  /** Physical indices of the rows that count, ascending; absent = all. */
  readonly selection?: Int32Array;
  readonly system: SystemColumns;
  /** Roughly what the batch costs in memory and on the wire; for credit. */
  readonly byteSize: number;

  /** The physical index of logical row `i`. */
  physical(i: number): number;
  /** Logical row `i` as a fresh plain object (of a schemaless batch: the value itself). */
  row(i: number): object;
  /** The value of a column (or of a property, in a schemaless batch; null if missing) in logical row `i`. */
  value(name: string, i: number): unknown;
  /** A reader of one column by logical row: resolve once, call per row. Null where missing or null. */
  reader(name: string): (i: number) => unknown;
  /** Stamp of logical row `i`. */
  stamp(i: number): number;
  /** A reader of the stamps by logical row. */
  stamps(): (i: number) => number;
  kind(i: number): number;
  /** `split#record` of logical row `i`, or '' where nothing is known. */
  position(i: number): string;
  /** Only these logical rows (ascending), without copying columns. */
  select(rows: Int32Array): Batch;
  /** Logical rows [from, to), without copying columns. */
  slice(from: number, to: number): Batch;
  /** The same rows under other system columns (physical rows, B3). */
  withSystem(system: SystemColumns): Batch;
  /** The same rows with only these columns, in this order. */
  project(names: readonly string[]): Batch;
}

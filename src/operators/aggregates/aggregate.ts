/** One column of an aggregation's result: how it is accumulated, merged and kept. */
import type { Batch, BatchBuilder, ByteReader, ByteWriter } from '../../batch/index.ts';

/** An accumulator in so many bytes, in which it is changed where it lies. */
export interface AccumulatorSlot<A> {
  readonly bytes: number;
  /** @param passing it is not kept beyond the next call, and may be one that is used again (false) */
  load(view: DataView, at: number, passing?: boolean): A;
  /** False: it does not fit, and nothing has changed. */
  store(view: DataView, at: number, acc: A): boolean;
}

export interface Aggregate<A = unknown> {
  /** What the accumulator's bytes mean. */
  readonly id: string;
  /** The column that it takes; absent: none. */
  readonly column?: string;
  /** Only rows for which this column is true. */
  readonly where?: string;
  /** Of batches with other columns than `column` and `where`: what it takes of a row. */
  readonly reader?: (batch: Batch) => (i: number) => unknown;
  /** @throws WeirError `E_VALUE` for a value that `accumulate` cannot take; nothing has changed then */
  check?(value: unknown): void;
  create(): A;
  /** May change `acc` and give it back. `ordinal` rises with every row of an operator. */
  accumulate(acc: A, value: unknown, ordinal: number): A;
  /** Undoes `accumulate` of an equal value, which was taken. May change `acc` and give it back. Absent: takes only final rows. */
  retract?(acc: A, value: unknown): A;
  /** False: no such value is in `acc`, so none can be taken out. True: there may be one; absent: nobody can tell. */
  holds?(acc: A, value: unknown): boolean;
  /** A new accumulator of both; neither changes, nor is a part of the new one that may change. */
  merge(a: A, b: A): A;
  /** The value of the result's column; does not share anything that may change with `acc`. */
  result(acc: A): unknown;
  /** Of a result that is several rows, the only one of its aggregation: the columns behind the keys of those that may have changed since that ordinal. */
  rows?(acc: A, since: number): Iterable<readonly unknown[]>;
  /** The same rows, appended to the columns from `from` on; `head` appends those before. */
  appendRows?(acc: A, since: number, to: BatchBuilder, from: number, head: () => void): void;
  /** Absent: its accumulators have no size that is known. */
  readonly slot?: AccumulatorSlot<A>;
  write(out: ByteWriter, acc: A): void;
  read(from: ByteReader): A;
}

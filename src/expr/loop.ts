/** One pass over the rows of a batch, or over rows that lie in none: what the compiled and the interpreted form have in common. */
import type { Batch } from '../batch/index.ts';
import type { ColumnWriter } from './column-writer.ts';
import type { ColumnNode, ExprNode } from './node.ts';

export interface LoopSpec {
  /** Only rows for which it is true. */
  readonly predicate: ExprNode | undefined;
  /** Each with the writer of the same place. */
  readonly computed: readonly ExprNode[];
}

/** A row that something threw on: its logical number in the batch. */
export type Fault = (i: number, thrown: unknown) => void;

/**
 * Computes the columns of all rows that the condition lets through.
 *
 * @param kept is filled with their physical rows
 * @param now the time of the epoch, ms
 * @returns how many they are; rows with a fault are none of them
 */
export type Loop = (batch: Batch, writers: readonly ColumnWriter[], kept: Int32Array, fault: Fault, now: number) => number;

/** How the values of a column are read, by the number of a row. */
export type ReaderOf = (column: ColumnNode) => (row: number) => unknown;
/**
 * Fills `kept` with those of the rows 0 to `length - 1` for which a condition is true, in their order. Throws what a function in it throws.
 *
 * @returns how many they are
 */
export type Predicate = (length: number, kept: Int32Array) => number;

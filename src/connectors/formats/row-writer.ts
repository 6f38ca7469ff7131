import type { Batch } from '../../batch/index.ts';

/** The rows of a batch as lines, one after the other, each with a line feed. */
export interface WrittenRows {
  /** Of nobody else. */
  readonly bytes: Uint8Array;
  /** By row: where it begins, and its line feed stands; both are the same for a row that cannot be written, which has none. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Writes the rows of batches, straight from their columns. */
export interface RowWriter {
  write(batch: Batch): WrittenRows;
}

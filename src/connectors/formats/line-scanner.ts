import type { BatchBuilder } from '../../batch/index.ts';

/**
 * Reads records that are as most of them are straight into columns. What it takes it takes exactly as `decode` of its format would; of
 * all else it leaves no trace, and `decode` is asked. It learns from what it was shown how records look, so each reader has its own.
 */
export interface LineScanner {
  /**
   * The line that begins at `from`.
   *
   * @returns where the next line begins; -1 if nothing was appended: it is another one, or its end is not there yet
   */
  read(bytes: Uint8Array, from: number, rows: BatchBuilder): number;
  /** A record that is all of these bytes; false if nothing was appended. */
  readWhole(record: Uint8Array, rows: BatchBuilder): boolean;
  /** A record that `read` left, and that is a row: others like it may follow. */
  learn(record: Uint8Array): void;
}

/**
 * Reads records straight into the columns of one builder. What it takes it takes exactly as `decode` of its format would; of all else it
 * leaves no trace, and `decode` is asked. It learns from what it reads how records look, so each reader has its own.
 */
export interface LineScanner {
  /** How many lines were taken by the last call. */
  readonly lines: number;
  /** Which of them are rows, ascending, of as many as there are new rows; null: all of them. */
  readonly kept: Int32Array | null;
  /**
   * The lines from `from` on, at most `most`, as long as it takes them; the builder then has the rows of those that are kept.
   *
   * @param to behind the line feed of the last line
   * @returns where the first line begins that was not read
   */
  read(bytes: Uint8Array, from: number, to: number, most: number): number;
  /** A record that is all of these bytes; false if it does not take it. */
  readWhole(record: Uint8Array): boolean;
}

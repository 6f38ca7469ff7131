/** Makes lines of rows, many at a time. */
export interface LineWriter {
  /** From here on; what was added and not taken is forgotten. */
  begin(): void;
  /** @throws WeirError `E_VALUE` for a row that the format cannot hold; the lines before it stay */
  add(row: object): void;
  /** The lines since the begin, each with its end. */
  take(): Uint8Array;
}

/** Cuts a stream of bytes into records. Pure: the same bytes from the same offset give the same records, however they are cut into chunks. */
export interface RawRecord {
  /** Without what separates records. Valid until the next `push`. */
  readonly bytes: Uint8Array;
  /** The record was longer than the bound; `bytes` is its beginning. */
  readonly tooLong: boolean;
}

export interface RecordSplitter {
  /** Where the record after the last one begins: reading on from there gives the rest. */
  readonly offset: number;
  /** Records and blank lines so far: the number of the last line, or of the last element, from 1. */
  readonly count: number;
  push(chunk: Uint8Array): void;
  /** The next whole record; null = more bytes are needed. */
  next(): RawRecord | null;
  /**
   * Passes over lines that `read` takes, as long as it does, and at most `most`; how many. Lines that lie in several chunks it never sees.
   *
   * @param read gets the chunk and where a line begins in it; gives where the next begins, or -1
   */
  skim?(read: (chunk: Uint8Array, from: number) => number, most: number): number;
  /** No more bytes come: the last record if it has no end. Once. */
  end(): RawRecord | null;
}

/** Of a record that is too long, this much is kept for its dead letter. */
export const keptBytes = 4096;

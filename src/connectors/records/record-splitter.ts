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
  /** Lines that are whole in the chunk, and still to come, for whoever reads them by himself; null if there are none for him. */
  whole?(): LineSpan | null;
  /** So many of them were read, up to `to` in the chunk. */
  pass?(to: number, lines: number): void;
  /** No more bytes come: the last record if it has no end. Once. */
  end(): RawRecord | null;
}

/** From the begin of a line to behind the line feed of another. */
export interface LineSpan {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Of a record that is too long, this much is kept for its dead letter. */
export const keptBytes = 4096;

/**
 * Lines of a stream of bytes: ended by LF or CRLF, and the last one by the end.
 *
 * Owns: lines that lie in several chunks, of which at most `lineBytesMax` bytes are kept; the byte order mark at offset 0.
 * Cutting at bytes is safe in UTF-8: a byte of 10 is a line feed and nothing else.
 */
import { keptBytes, type LineSpan, type RawRecord, type RecordSplitter } from './record-splitter.ts';

const lineFeed = 10;
const carriageReturn = 13;

export class LineSplitter implements RecordSplitter {
  offset: number;
  count: number;
  readonly #lineBytesMax: number;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Where its last line ends; -1 = none does. */
  #lastEnd = -1;
  #at = 0;
  /** The begin of a line whose end is still to come, copied; of one that is too long only the first bytes. */
  #carried: Uint8Array[] = [];
  #carriedBytes = 0;

  constructor(offset: number, count: number, lineBytesMax: number) {
    this.offset = offset;
    this.count = count;
    this.#lineBytesMax = lineBytesMax;
  }

  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#lastEnd = chunk.lastIndexOf(lineFeed);
    this.#at = 0;
  }

  next(): RawRecord | null {
    const end = this.#chunk.indexOf(lineFeed, this.#at);
    if (end < 0) {
      this.#carry(this.#chunk.subarray(this.#at));
      this.#at = this.#chunk.length;
      return null;
    }
    const rest = this.#chunk.subarray(this.#at, end);
    this.#at = end + 1;
    return this.#line(rest, 1);
  }

  whole(): LineSpan | null {
    // The first line may begin with a mark, and how long a line is nobody else looks at.
    const isPlain = (this.offset > 0 || this.#chunk[0] !== 0xef) && this.#carriedBytes === 0;
    if (!isPlain || this.#at > this.#lastEnd || this.#chunk.length > this.#lineBytesMax) return null;
    return { bytes: this.#chunk, from: this.#at, to: this.#lastEnd + 1 };
  }

  pass(to: number, lines: number): void {
    this.offset += to - this.#at;
    this.count += lines;
    this.#at = to;
  }

  end(): RawRecord | null {
    return this.#carriedBytes === 0 ? null : this.#line(new Uint8Array(0), 0);
  }

  #carry(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#carriedBytes <= this.#lineBytesMax) this.#carried.push(part.slice());
    this.#carriedBytes += part.length;
  }

  #line(rest: Uint8Array, endBytes: number): RawRecord {
    const length = this.#carriedBytes + rest.length;
    const tooLong = length > this.#lineBytesMax;
    const whole = this.#carried.length === 0 ? rest : Buffer.concat([...this.#carried, rest]);
    const start = this.offset === 0 && startsWithMark(whole) ? 3 : 0;
    this.#carried = [];
    this.#carriedBytes = 0;
    this.offset += length + endBytes;
    this.count++;
    if (tooLong) return { bytes: whole.subarray(start, keptBytes), tooLong };
    const end = whole[whole.length - 1] === carriageReturn ? whole.length - 1 : whole.length;
    return { bytes: whole.subarray(start, end), tooLong };
  }
}

function startsWithMark(line: Uint8Array): boolean {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
}

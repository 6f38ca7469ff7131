/**
 * Bytes that lines are made in: numbers and texts as `JSON.stringify` writes them, without a text between where that is easy.
 */
import { Buffer } from 'node:buffer';

const firstBytes = 1 << 16;
/** More is not kept: one large batch should not cost for ever. */
const keptBytes = 1 << 20;
/** What a number needs. */
const numberBytes = 32;
/** Longer strings are quoted by the engine. */
const charsMax = 64;
const billion = 1e9;

/** Of a byte that JSON escapes: what it writes instead. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte === 34 || byte === 92 ? Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)) : undefined,
);

export class LineBytes {
  #bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #view: DataView = viewOf(this.#bytes);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** Forgets what is behind. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** All of it, in memory of its own; the next begins. */
  take(): Uint8Array {
    const taken = Buffer.allocUnsafeSlow(this.#at);
    this.#bytes.copy(taken, 0, 0, this.#at);
    if (this.#bytes.length > keptBytes) this.#move(Buffer.allocUnsafeSlow(firstBytes));
    this.#at = 0;
    return taken;
  }

  byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = byte;
  }

  /** A few bytes. */
  put(few: Uint8Array): void {
    const { length } = few;
    this.#room(length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) bytes[at + i] = few[i]!;
    this.#at = at + length;
  }

  number(value: number): void {
    const magnitude = Math.abs(value);
    if (Math.floor(magnitude) !== magnitude || magnitude > Number.MAX_SAFE_INTEGER)
      return this.#word(Number.isFinite(value) ? String(value) : 'null');
    this.#room(numberBytes);
    if (value < 0) this.#bytes[this.#at++] = 45;
    if (magnitude < billion) return this.#digits(magnitude, digitsOf(magnitude));
    const above = Math.floor(magnitude / billion);
    this.#digits(above, digitsOf(above));
    this.#digits(magnitude - above * billion, 9);
  }

  /** A string, in quotes. */
  string(value: string): void {
    const { length } = value;
    if (length > charsMax) return this.text(JSON.stringify(value));
    this.#room(length + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 34;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code < 32 || code > 126 || code === 34 || code === 92) return this.text(JSON.stringify(value));
      bytes[at++] = code;
    }
    bytes[at++] = 34;
    this.#at = at;
  }

  /** A string of which these are the bytes in UTF-8, in quotes; `view` is of the same bytes. Four at a time, as long as none is escaped. */
  utf8(from: Uint8Array, view: DataView, start: number, end: number): void {
    this.#room(end - start + 2);
    this.#bytes[this.#at++] = 34;
    let at = start;
    for (;;) {
      const out = this.#view;
      let to = this.#at;
      for (; at + 4 <= end; at += 4, to += 4) {
        const word = view.getInt32(at, true);
        if (holdsEscaped(word)) break;
        out.setInt32(to, word, true);
      }
      const bytes = this.#bytes;
      let escape: Uint8Array | undefined;
      while (at < end && (escape = escapes[from[at]!]) === undefined) bytes[to++] = from[at++]!;
      this.#at = to;
      if (escape === undefined) break;
      at++;
      this.#room(end - at + escape.length + 1);
      this.put(escape);
    }
    this.#bytes[this.#at++] = 34;
  }

  /** What is JSON already. */
  text(text: string): void {
    this.#room(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  #word(word: string): void {
    const { length } = word;
    this.#room(length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) bytes[at + i] = word.charCodeAt(i);
    this.#at = at + length;
  }

  /** The last so many digits of a whole number below a billion. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    this.#at += count;
    let at = this.#at;
    let rest = value | 0;
    for (let left = count; left > 0; left--) {
      const tenth = (rest / 10) | 0;
      bytes[--at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  }

  #room(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#move(larger);
  }

  #move(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** One of four bytes is a control character, a quote or a backslash. */
function holdsEscaped(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const slashes = word ^ 0x5c5c5c5c;
  const found = ((quotes - 0x01010101) & ~quotes) | ((slashes - 0x01010101) & ~slashes) | ((word - 0x20202020) & ~word);
  return (found & 0x80808080) !== 0;
}

function digitsOf(value: number): number {
  if (value < 100_000) return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5;
  return value < 1_000_000 ? 6 : value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
}

/**
 * Bytes that lines are made in: numbers and texts as `JSON.stringify` writes them, without a text between where that is easy.
 */
import { Buffer } from 'node:buffer';

/** Memory that the lines of several batches lie in, one behind the other: this much, or for a few more batches like the last one. */
const slabBytes = 1 << 20;
const slabBytesMax = 1 << 22;
const batchesOfSlab = 8;
/** What a number needs. */
const numberBytes = 32;
/** Digits of decimals that are exact: each of so many stands for another number. */
const decimalDigits = 15;
/** JSON writes smaller numbers with an exponent. */
const leastDecimal = 1e-6;
/** Longer strings are quoted by the engine. */
const charsMax = 64;
const billion = 1e9;
/** All are exact. */
const powers = Float64Array.from({ length: decimalDigits + 1 }, (_, i) => Number(`1e${i}`));

/** Of a byte that JSON escapes: what it writes instead. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte === 34 || byte === 92 ? Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)) : undefined,
);

/** A few bytes that are written often, as words of four; what is behind them in the last word does not count. */
export interface Words {
  readonly words: Int32Array;
  readonly length: number;
}

export function wordsOf(bytes: Uint8Array): Words {
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  const view = viewOf(padded);
  return { words: Int32Array.from({ length: padded.length >> 2 }, (_, i) => view.getInt32(i * 4, true)), length: bytes.length };
}

export class LineBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = viewOf(this.#bytes);
  /** Where what was not taken yet begins. */
  #begin = 0;
  #at = 0;
  /** What was taken last. */
  #taken = 0;

  get length(): number {
    return this.#at - this.#begin;
  }

  /** Forgets what is behind. */
  truncate(length: number): void {
    this.#at = this.#begin + length;
  }

  /** All of it, where nobody writes any more; the next begins. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#begin, this.#at);
    this.#begin = this.#at;
    this.#taken = taken.length;
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

  /** As `put`, for bytes that are known beforehand. */
  putWords({ words, length }: Words): void {
    this.#room(length + 3);
    const view = this.#view;
    const at = this.#at;
    for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i]!, true);
    this.#at = at + length;
  }

  number(value: number): void {
    const magnitude = Math.abs(value);
    const whole = Math.floor(magnitude);
    if (magnitude > Number.MAX_SAFE_INTEGER || (whole !== magnitude && !this.#decimal(value, magnitude, whole)))
      return this.#word(Number.isFinite(value) ? String(value) : 'null');
    if (whole === magnitude) this.#whole(value, whole);
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

  #whole(value: number, whole: number): void {
    this.#room(numberBytes);
    if (value < 0) this.#bytes[this.#at++] = 45;
    if (whole < billion) return this.#digits(whole, digitsOf(whole));
    const above = Math.floor(whole / billion);
    this.#digits(above, digitsOf(above));
    this.#digits(whole - above * billion, 9);
  }

  /**
   * A number that is a decimal of few digits, so that no other stands for it and without zeros at its end it is the shortest: the
   * quotient of two whole numbers that are exact is rounded once, as what is read is. False if it is none.
   */
  #decimal(value: number, magnitude: number, whole: number): boolean {
    if (magnitude < leastDecimal || whole >= billion) return false;
    const places = decimalDigits - digitsOf(whole);
    const scale = powers[places]!;
    const all = Math.round(magnitude * scale);
    if (all / scale !== magnitude) return false;
    this.#whole(value, whole);
    const bytes = this.#bytes;
    bytes[this.#at++] = 46;
    const behind = all - whole * scale;
    const above = places > 9 ? Math.floor(behind / billion) : 0;
    if (places > 9) this.#digits(above, places - 9);
    this.#digits(behind - above * billion, Math.min(places, 9));
    while (bytes[this.#at - 1] === 48) this.#at--;
    return true;
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
    if (this.#at + size <= this.#bytes.length) return;
    const { length } = this;
    const likely = Math.min(this.#taken * batchesOfSlab, slabBytesMax);
    const slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, likely, (length + size) * 2));
    this.#bytes.copy(slab, 0, this.#begin, this.#at);
    this.#bytes = slab;
    this.#view = viewOf(slab);
    this.#begin = 0;
    this.#at = length;
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

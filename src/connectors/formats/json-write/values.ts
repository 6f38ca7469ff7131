/**
 * Single values as `JSON.stringify` writes them, into bytes, without a text between where that is easy.
 *
 * All take where to write and give where the value ends. Whoever calls them has made room: `numberBytes`, or as `textBytes` says.
 */
import type { Buffer } from 'node:buffer';

/** What a number needs; what is behind its end in the last word does not count. */
export const numberBytes = 32;
/** At most so many characters, quotes included, stand for each of a text, or for each byte of UTF-8. */
const escapeBytes = 6;
export const textBytes = (length: number): number => length * escapeBytes + 2;
/** Of longer texts so much room would be a waste. */
export const longText: number = 1 << 14;

/** Digits of decimals that are exact: each of so many stands for another number. */
const decimalDigits = 15;
/** Of prices. Tried first: of few digits little is written. */
const fewPlaces = 3;
const thousand = 1000;
/** JSON writes smaller numbers with an exponent. */
const leastDecimal = 1e-6;
/** Longer strings are quoted by the engine. */
const charsMax = 64;
const billion = 1e9;
const tenThousand = 10_000;
const eightDigits = 1e8;
const zero = 48;
const quote = 34;
/** All are exact. */
const powers = Float64Array.from({ length: decimalDigits + 1 }, (_, i) => Number(`1e${i}`));
/** Four digits of each number below ten thousand, the first in the lowest byte. */
const fours = Int32Array.from(
  { length: tenThousand },
  (_, n) =>
    (zero + Math.floor(n / 1000)) |
    ((zero + (Math.floor(n / 100) % 10)) << 8) |
    ((zero + (Math.floor(n / 10) % 10)) << 16) |
    ((zero + (n % 10)) << 24),
);

/** Of a byte that JSON escapes: what it writes instead. */
const escapes: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 32 || byte === quote || byte === 92 ? JSON.stringify(String.fromCharCode(byte)).slice(1, -1) : undefined,
);

/** @param view of the same bytes */
export function putNumber(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  const magnitude = Math.abs(value);
  const whole = Math.floor(magnitude);
  if (magnitude > Number.MAX_SAFE_INTEGER || (whole !== magnitude && (magnitude < leastDecimal || whole >= billion)))
    return putAscii(bytes, at, Number.isFinite(value) ? String(value) : 'null');
  if (whole === magnitude) {
    if (value < 0) bytes[at++] = 45;
    return putWhole(view, at, whole);
  }
  if (value !== value) return putAscii(bytes, at, 'null');
  return putDecimal(bytes, view, at, value, magnitude, whole);
}

/**
 * If the number is a decimal of few digits, no other stands for it, and without zeros at its end it is the shortest: the quotient of
 * two whole numbers that are exact is rounded once, as what is read is.
 */
function putDecimal(bytes: Uint8Array, view: DataView, from: number, value: number, magnitude: number, whole: number): number {
  let at = from;
  const few = Math.round(magnitude * thousand);
  if (few / thousand === magnitude) {
    if (value < 0) bytes[at++] = 45;
    at = putWhole(view, at, whole);
    bytes[at] = 46;
    view.setInt32(at + 1, fours[(few - whole * thousand) * 10]!, true);
    return withoutZeros(bytes, at + 1 + fewPlaces);
  }
  const places = decimalDigits - digitsOf(whole);
  const scale = powers[places]!;
  const all = Math.round(magnitude * scale);
  if (all / scale !== magnitude) return putAscii(bytes, at, String(value));
  if (value < 0) bytes[at++] = 45;
  at = putWhole(view, at, whole);
  bytes[at++] = 46;
  const behind = all - whole * scale;
  const above = places > 9 ? Math.floor(behind / billion) : 0;
  if (places > 9) putDigits(bytes, at, above, places - 9);
  putDigits(bytes, at + Math.max(0, places - 9), behind - above * billion, Math.min(places, 9));
  return withoutZeros(bytes, at + places);
}

/** Not negative, and exact. */
function putWhole(view: DataView, at: number, value: number): number {
  if (value < eightDigits) return putBelowEight(view, at, value | 0);
  const above = Math.floor(value / eightDigits);
  const below = (value - above * eightDigits) | 0;
  const end = putBelowEight(view, at, above);
  const high = (below / tenThousand) | 0;
  view.setInt32(end, fours[high]!, true);
  view.setInt32(end + 4, fours[below - high * tenThousand]!, true);
  return end + 8;
}

function putBelowEight(view: DataView, at: number, value: number): number {
  if (value < tenThousand) return putBelowFour(view, at, value);
  const high = (value / tenThousand) | 0;
  const end = putBelowFour(view, at, high);
  view.setInt32(end, fours[value - high * tenThousand]!, true);
  return end + 4;
}

function putBelowFour(view: DataView, at: number, value: number): number {
  const digits = value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  view.setInt32(at, fours[value]! >>> (32 - digits * 8), true);
  return at + digits;
}

/** The last so many digits of a whole number below a billion. */
function putDigits(bytes: Uint8Array, from: number, value: number, count: number): void {
  let rest = value | 0;
  for (let at = from + count; at > from; ) {
    const tenth = (rest / 10) | 0;
    bytes[--at] = zero + rest - tenth * 10;
    rest = tenth;
  }
}

function withoutZeros(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at - 1] === zero) at--;
  return at;
}

export function putAscii(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + length;
}

/** A string, in quotes. */
export function putString(bytes: Buffer, at: number, value: string): number {
  const { length } = value;
  if (length > charsMax) return quoted(bytes, at, value);
  let to = at;
  bytes[to++] = quote;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code < 32 || code > 126 || code === quote || code === 92) return quoted(bytes, at, value);
    bytes[to++] = code;
  }
  bytes[to] = quote;
  return to + 1;
}

const quoted = (bytes: Buffer, at: number, value: string): number => at + bytes.write(JSON.stringify(value), at, 'utf8');

/** A string of which these are the bytes in UTF-8, in quotes. Four at a time, as long as none is escaped. */
export function putUtf8(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  text: Uint8Array,
  textView: DataView,
  start: number,
  end: number,
): number {
  let to = from;
  bytes[to++] = quote;
  let at = start;
  for (;;) {
    for (; at + 4 <= end; at += 4, to += 4) {
      const word = textView.getInt32(at, true);
      if (holdsEscaped(word)) break;
      view.setInt32(to, word, true);
    }
    let escape: string | undefined;
    while (at < end && (escape = escapes[text[at]!]) === undefined) bytes[to++] = text[at++]!;
    if (escape === undefined) break;
    at++;
    to = putAscii(bytes, to, escape);
  }
  bytes[to] = quote;
  return to + 1;
}

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

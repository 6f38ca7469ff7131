/**
 * Values of JSON, one at a time, as `JSON.parse` and the schema's readers would give them.
 *
 * Owns: the values of the line at hand, by leaf; and the grammar of JSON where nobody wants the value. Whatever it leaves (-1) is for
 * `JSON.parse`: lone surrogates, escapes in keys, what is nested very deep, and all that does not fit.
 * Invariants: FS1 (json-scanner.ts) for each value.
 */
import { bufferOver, latin1Slice } from '../../../batch/index.ts';
import { JsonStrings } from './strings.ts';
import { type Leaf, leafKind } from './read-plan.ts';

const timeMax = 8.64e15;
const depthMax = 100;
/** Digits of a whole number that is exact without more ado. */
export const exactDigitsMax = 15;
/** Powers of ten that are exact: a whole number of few digits divided by one is rounded once, and so rightly. */
export const exactPowers: Float64Array = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

export class JsonValues {
  readonly strings: JsonStrings = new JsonStrings();
  /** By leaf, of the values that were read last: numbers, times, and flags as 1 and 0. */
  readonly numbers: Float64Array;
  /** Texts lie between these, without quotes. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  /** Values of other kinds. */
  readonly parsed: unknown[];
  readonly nulls: Uint8Array;
  readonly #leaves: readonly Leaf[];
  #number = 0;

  constructor(leaves: readonly Leaf[]) {
    this.#leaves = leaves;
    this.numbers = new Float64Array(leaves.length);
    this.starts = new Int32Array(leaves.length);
    this.ends = new Int32Array(leaves.length);
    this.escaped = new Uint8Array(leaves.length);
    this.nulls = new Uint8Array(leaves.length);
    this.parsed = leaves.map(() => null);
  }

  /** Behind the value, which is then known; -1 if it is left. */
  read(bytes: Uint8Array, at: number, id: number): number {
    const leaf = this.#leaves[id]!;
    const isNull = bytes[at] === 110;
    this.nulls[id] = isNull ? 1 : 0;
    if (isNull) return leaf.nullable && isWord(bytes, at, 110, 117, 108, 108) ? at + 4 : -1;
    switch (leaf.kind) {
      case leafKind.float:
      case leafKind.whole:
        return this.#numberOf(bytes, at, leaf);
      case leafKind.time:
        return bytes[at] === 34 ? this.#timeOf(bytes, at, leaf) : this.#momentOf(bytes, at, leaf);
      case leafKind.timeText:
        return this.#timeOf(bytes, at, leaf);
      case leafKind.text:
        return this.#textOf(bytes, at, leaf);
      case leafKind.flag:
        return this.#flagOf(bytes, at, leaf);
      case leafKind.skipped:
        return this.skip(bytes, at);
      default:
        return this.#parsedOf(bytes, at, leaf);
    }
  }

  /** Behind any value; -1 if it is left. */
  skip(bytes: Uint8Array, at: number, depth = 0): number {
    switch (bytes[at]) {
      case 34: {
        const end = this.strings.end(bytes, at + 1);
        return end < 0 ? -1 : end + 1;
      }
      case 123:
      case 91:
        return depth > depthMax ? -1 : this.#skipInside(bytes, at + 1, bytes[at] === 123, depth + 1);
      case 116:
        return isWord(bytes, at, 116, 114, 117, 101) ? at + 4 : -1;
      case 102:
        return isWord(bytes, at, 102, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : -1;
      case 110:
        return isWord(bytes, at, 110, 117, 108, 108) ? at + 4 : -1;
      default:
        return endOfNumber(bytes, at);
    }
  }

  /** Behind the closing bracket. */
  #skipInside(bytes: Uint8Array, from: number, isObject: boolean, depth: number): number {
    const close = isObject ? 125 : 93;
    let at = behindBlanks(bytes, from);
    if (bytes[at] === close) return at + 1;
    for (;;) {
      if (isObject) {
        const end = bytes[at] === 34 ? this.strings.end(bytes, at + 1) : -1;
        if (end < 0) return -1;
        at = behindBlanks(bytes, end + 1);
        if (bytes[at] !== 58) return -1;
        at = behindBlanks(bytes, at + 1);
      }
      at = this.skip(bytes, at, depth);
      if (at < 0) return -1;
      at = behindBlanks(bytes, at);
      const byte = bytes[at++];
      if (byte === close) return at;
      if (byte !== 44) return -1;
      at = behindBlanks(bytes, at);
    }
  }

  #numberOf(bytes: Uint8Array, at: number, { id, kind }: Leaf): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || (kind === leafKind.whole && !Number.isSafeInteger(this.#number))) return -1;
    this.numbers[id] = this.#number;
    return end;
  }

  #momentOf(bytes: Uint8Array, at: number, { id }: Leaf): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || !Number.isInteger(this.#number) || Math.abs(this.#number) > timeMax) return -1;
    this.numbers[id] = this.#number + 0; // a time has one zero
    return end;
  }

  #timeOf(bytes: Uint8Array, at: number, { id, scan, read }: Leaf): number {
    const end = bytes[at] === 34 ? this.strings.end(bytes, at + 1) : -1;
    if (end < 0 || this.strings.escaped) return -1;
    const ms = scan!.ms(bytes, at + 1, end);
    const value = Number.isNaN(ms) ? readOr(read, textOf(bytes, at + 1, end)) : ms;
    if (typeof value !== 'number') return -1;
    this.numbers[id] = value;
    return end + 1;
  }

  #textOf(bytes: Uint8Array, at: number, { id, allowed }: Leaf): number {
    const end = bytes[at] === 34 ? this.strings.end(bytes, at + 1) : -1;
    if (end < 0) return -1;
    this.starts[id] = at + 1;
    this.ends[id] = end;
    this.escaped[id] = this.strings.escaped ? 1 : 0;
    if (allowed === null) return end + 1;
    return !this.strings.escaped && allowed.has(textOf(bytes, at + 1, end)) ? end + 1 : -1;
  }

  #flagOf(bytes: Uint8Array, at: number, { id }: Leaf): number {
    const isTrue = bytes[at] === 116;
    this.numbers[id] = isTrue ? 1 : 0;
    return isTrue || bytes[at] === 102 ? this.skip(bytes, at) : -1;
  }

  #parsedOf(bytes: Uint8Array, at: number, { id, read }: Leaf): number {
    const end = this.skip(bytes, at);
    if (end < 0) return -1;
    const value = readOr(read, JSON.parse(textOf(bytes, at, end)));
    if (value === undefined) return -1;
    this.parsed[id] = value;
    return end;
  }

  /** Behind the number; leaves its value. */
  #scanNumber(bytes: Uint8Array, from: number): number {
    const isNegative = bytes[from] === 45;
    const first = isNegative ? from + 1 : from;
    let at = first;
    let sum = 0;
    for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48) sum = sum * 10 + digit;
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === 48)) return -1;
    if (bytes[at] === 46) {
      const point = ++at;
      for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48) sum = sum * 10 + digit;
      if (at === point) return -1;
      digits += at - point;
      if (digits <= exactDigitsMax) sum /= exactPowers[at - point]!;
    }
    if (digits > exactDigitsMax || bytes[at] === 101 || bytes[at] === 69) return this.#longNumber(bytes, from);
    this.#number = isNegative ? -sum : sum;
    return at;
  }

  #longNumber(bytes: Uint8Array, from: number): number {
    const end = endOfNumber(bytes, from);
    if (end >= 0) this.#number = Number(latin1Slice(bufferOver(bytes), from, end));
    return end;
  }
}

/** Behind the number that begins here; -1 if none does. */
function endOfNumber(bytes: Uint8Array, from: number): number {
  const first = bytes[from] === 45 ? from + 1 : from;
  let at = behindDigits(bytes, first);
  if (at === first || (at - first > 1 && bytes[first] === 48)) return -1;
  if (bytes[at] === 46) {
    const point = at + 1;
    at = behindDigits(bytes, point);
    if (at === point) return -1;
  }
  if (bytes[at] !== 101 && bytes[at] !== 69) return at;
  const sign = bytes[at + 1];
  const exponent = sign === 43 || sign === 45 ? at + 2 : at + 1;
  at = behindDigits(bytes, exponent);
  return at === exponent ? -1 : at;
}

function behindDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at]! >= 48 && bytes[at]! <= 57) at++;
  return at;
}

/** Line feeds end lines, and are no blanks here. */
export function behindBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 32 || byte === 9 || byte === 13; byte = bytes[++at]);
  return at;
}

function isWord(bytes: Uint8Array, at: number, a: number, b: number, c: number, d: number): boolean {
  return bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d;
}

/** What a field's reader gives; undefined if it refuses. What is wrong then says who reads the record as a whole. */
function readOr(read: Leaf['read'], value: unknown): unknown {
  try {
    return read(value);
  } catch {
    return undefined; // the record is left
  }
}

const textOf = (bytes: Uint8Array, from: number, to: number): string => bufferOver(bytes).toString('utf8', from, to);

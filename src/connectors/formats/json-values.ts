/**
 * Values of JSON, one at a time, as `JSON.parse` and the schema's readers would give them.
 *
 * Owns: the values of the line at hand, by column. Whatever is unusual is left: escapes, bytes beyond ASCII, nested values.
 * Invariants: FS1 (json-scanner.ts) for each value.
 */
import type { TextScan } from '../../api/index.ts';
import type { SchemaField } from '../../batch/index.ts';
import { hashBase, type TextCache } from './text-cache.ts';

export interface ScannedColumn {
  readonly field: SchemaField;
  /** Text of a time as milliseconds, NaN if it is not sure; undefined where text is no time. */
  readonly scan: TextScan | undefined;
}

/** Kinds of columns as small numbers: a switch over them is quick. */
export const valueKind = { unknown: 0, float: 1, whole: 2, time: 3, timeText: 4, text: 5, flag: 6, skipped: 7 } as const;

function kindOf({ field: { type }, scan }: ScannedColumn): number {
  switch (type.kind) {
    case 'float64':
      return valueKind.float;
    case 'int64':
      return valueKind.whole;
    case 'timestamp':
      return scan === undefined ? valueKind.unknown : scan.numbers ? valueKind.time : valueKind.timeText;
    case 'string':
      return valueKind.text;
    case 'bool':
      return valueKind.flag;
    default:
      return valueKind.unknown;
  }
}

const timeMax = 8.64e15;
const numberCharsMax = 40;
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

export class JsonValues {
  readonly kinds: readonly number[];
  readonly nullable: readonly boolean[];
  readonly scans: readonly (TextScan | undefined)[];
  /** By column: what its texts may be; null where they may be anything. */
  readonly allowed: readonly (ReadonlySet<string> | null)[];
  /** By column, of the values that were read last. */
  readonly numbers: Float64Array;
  readonly strings: string[];
  readonly nulls: Uint8Array;
  readonly #texts: TextCache;
  /** What the last value was. */
  #number = 0;
  #hash = 0;

  constructor(columns: readonly ScannedColumn[], texts: TextCache) {
    this.kinds = columns.map(kindOf);
    this.nullable = columns.map(({ field }) => field.nullable);
    this.scans = columns.map(({ scan }) => scan);
    this.allowed = columns.map(({ field: { type } }) =>
      type.kind === 'string' && type.values !== undefined ? new Set(type.values) : null,
    );
    this.numbers = new Float64Array(columns.length);
    this.strings = columns.map(() => '');
    this.nulls = new Uint8Array(columns.length);
    this.#texts = texts;
  }

  /** Behind the value, which is then known; -1 if it is left. */
  read(bytes: Uint8Array, at: number, column: number): number {
    const kind = column < 0 ? valueKind.skipped : this.kinds[column]!;
    if (bytes[at] === 110) {
      if (kind !== valueKind.skipped && !this.nullable[column]!) return -1;
      if (column >= 0) this.nulls[column] = 1;
      return isWord(bytes, at, 110, 117, 108, 108) ? at + 4 : -1;
    }
    if (column >= 0) this.nulls[column] = 0;
    switch (kind) {
      case valueKind.float:
      case valueKind.whole:
        return this.#numberOf(bytes, at, column, kind === valueKind.whole);
      case valueKind.time:
        return bytes[at] === 34 ? this.#timeOf(bytes, at, column) : this.#momentOf(bytes, at, column);
      case valueKind.timeText:
        return this.#timeOf(bytes, at, column);
      case valueKind.text:
        return this.#textOf(bytes, at, column);
      case valueKind.flag:
        return this.#flagOf(bytes, at, column);
      default:
        return this.#skip(bytes, at);
    }
  }

  #numberOf(bytes: Uint8Array, at: number, column: number, isInteger: boolean): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || (isInteger && !Number.isSafeInteger(this.#number))) return -1;
    this.numbers[column] = this.#number;
    return end;
  }

  #momentOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || !Number.isInteger(this.#number) || Math.abs(this.#number) > timeMax) return -1;
    this.numbers[column] = this.#number + 0; // a time has one zero
    return end;
  }

  #timeOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanText(bytes, at);
    if (end < 0) return -1;
    const ms = this.scans[column]!.ms(bytes, at + 1, end - 1);
    this.numbers[column] = ms;
    return Number.isNaN(ms) ? -1 : end;
  }

  #textOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanText(bytes, at);
    if (end < 0) return -1;
    const value = this.#texts.text(bytes, at + 1, end - 1, this.#hash);
    this.strings[column] = value;
    const allowed = this.allowed[column]!;
    return allowed === null || allowed.has(value) ? end : -1;
  }

  #flagOf(bytes: Uint8Array, at: number, column: number): number {
    const isTrue = bytes[at] === 116;
    this.numbers[column] = isTrue ? 1 : 0;
    if (isTrue) return isWord(bytes, at, 116, 114, 117, 101) ? at + 4 : -1;
    return isWord(bytes, at, 102, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : -1;
  }

  #skip(bytes: Uint8Array, at: number): number {
    const first = bytes[at];
    if (first === 34) return this.#scanText(bytes, at);
    if (first === 116) return isWord(bytes, at, 116, 114, 117, 101) ? at + 4 : -1;
    if (first === 102) return isWord(bytes, at, 102, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : -1;
    return this.#scanNumber(bytes, at);
  }

  /** Behind the closing quote; leaves the hash of what is between. */
  #scanText(bytes: Uint8Array, from: number): number {
    if (bytes[from] !== 34) return -1;
    let hash = 0;
    for (let at = from + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === 34) {
        this.#hash = hash;
        return at + 1;
      }
      if (byte === 92 || byte < 32 || byte > 127) return -1;
      hash = (Math.imul(hash, hashBase) + byte) | 0;
    }
    return -1;
  }

  /** Behind the number; leaves its value. Up to 15 digits and 10^22 the quotient is exact; what is beyond is read as text. */
  #scanNumber(bytes: Uint8Array, from: number): number {
    const isNegative = bytes[from] === 45;
    const first = isNegative ? from + 1 : from;
    let at = first;
    let value = 0;
    let digits = 0;
    for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48, digits++) value = value * 10 + digit;
    if (digits === 0 || (digits > 1 && bytes[first] === 48)) return -1;
    let scale = 0;
    if (bytes[at] === 46) {
      for (let digit = bytes[++at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48, scale++)
        value = value * 10 + digit;
      if (scale === 0) return -1;
    }
    if (bytes[at] === 101 || bytes[at] === 69) return -1;
    if (at - first > numberCharsMax) return -1;
    if (digits + scale > 15) value = Number(String.fromCharCode(...bytes.subarray(first, at)));
    else if (scale > 0) value /= powers[scale]!;
    this.#number = isNegative ? -value : value;
    return at;
  }
}

const isWord = (bytes: Uint8Array, at: number, a: number, b: number, c: number, d: number): boolean =>
  bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d;

/**
 * Lines of JSON whose keys come in one order, straight into columns.
 *
 * Owns: the speculation that lines look like one that was seen. Whatever is unusual is left to `JSON.parse`: escapes, bytes beyond
 * ASCII, nested values, other or repeated keys, other blanks than spaces. So what is taken is exactly what that would have given.
 * Invariants: FS1 a line that is taken gives the row that `decode` gives; a line that `decode` refuses is never taken; FS2 of a line
 * that is not taken nothing is appended.
 */
import type { TextScan } from '../../api/index.ts';
import type { BatchBuilder, SchemaField } from '../../batch/index.ts';
import { type JsonShape, shapeOf } from './json-shape.ts';
import type { LineScanner } from './line-scanner.ts';
import { TextCache } from './text-cache.ts';

export interface ScannedColumn {
  readonly field: SchemaField;
  /** Text of a time as milliseconds, NaN if it is not sure; undefined where text is no time. */
  readonly scan: TextScan | undefined;
}

/** Null if there are columns that are not read this way: then no line is. */
export function jsonScanner(columns: readonly ScannedColumn[]): LineScanner | null {
  const kinds = columns.map(kindOf);
  return kinds.includes(unknownKind) ? null : new JsonScanner(columns, kinds);
}

// Kinds of columns as small numbers: a switch over them is the heart of the loop.
const unknownKind = 0;
const float = 1;
const whole = 2;
const time = 3;
const timeText = 4;
const text = 5;
const flag = 6;
const skipped = 7;

function kindOf({ field: { type }, scan }: ScannedColumn): number {
  switch (type.kind) {
    case 'float64':
      return float;
    case 'int64':
      return whole;
    case 'timestamp':
      return scan === undefined ? unknownKind : scan.numbers ? time : timeText;
    case 'string':
      return text;
    case 'bool':
      return flag;
    default:
      return unknownKind;
  }
}

/** Lines that were left, from one that is learnt from to the next. */
const learnEvery = 32;
const timeMax = 8.64e15;
const numberCharsMax = 40;
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

class JsonScanner implements LineScanner {
  readonly #names: readonly string[];
  readonly #nullable: readonly boolean[];
  readonly #kinds: readonly number[];
  readonly #scans: readonly (TextScan | undefined)[];
  /** By column: what its texts may be; null where they may be anything. */
  readonly #allowed: readonly (ReadonlySet<string> | null)[];
  readonly #texts = new TextCache();
  #shape: JsonShape | null = null;
  #missed = learnEvery;
  /** The line's values by column, until all of them are known. */
  readonly #numbers: Float64Array;
  readonly #strings: string[];
  readonly #nulls: Uint8Array;
  /** What the last value was. */
  #number = 0;
  #hash = 0;

  constructor(columns: readonly ScannedColumn[], kinds: readonly number[]) {
    this.#names = columns.map(({ field }) => field.name);
    this.#nullable = columns.map(({ field }) => field.nullable);
    this.#scans = columns.map(({ scan }) => scan);
    this.#allowed = columns.map(({ field: { type } }) =>
      type.kind === 'string' && type.values !== undefined ? new Set(type.values) : null,
    );
    this.#kinds = kinds;
    this.#numbers = new Float64Array(columns.length);
    this.#strings = columns.map(() => '');
    this.#nulls = new Uint8Array(columns.length);
  }

  learn(record: Uint8Array): void {
    if (++this.#missed < learnEvery) return;
    this.#missed = 0;
    const shape = shapeOf(record, this.#names);
    if (shape === null || shape.missing.some((column) => !this.#nullable[column]!)) return;
    this.#shape = shape;
    for (const column of shape.missing) this.#nulls[column] = 1;
  }

  read(bytes: Uint8Array, from: number, rows: BatchBuilder): number {
    const at = this.#object(bytes, from);
    if (at < 0) return -1;
    const feed = bytes[at] === 13 ? at + 1 : at;
    if (bytes[feed] !== 10) return -1;
    this.#append(rows);
    return feed + 1;
  }

  readWhole(record: Uint8Array, rows: BatchBuilder): boolean {
    const isRow = this.#object(record, 0) === record.length;
    if (isRow) this.#append(rows);
    return isRow;
  }

  /** Behind the object that begins here, whose values are then known; -1 if it is left. */
  #object(bytes: Uint8Array, from: number): number {
    if (this.#shape === null || bytes[from] !== 123) return -1;
    const { keys } = this.#shape;
    const last = keys.length - 1;
    let at = from + 1;
    for (let k = 0; k <= last; k++) {
      const key = keys[k]!;
      while (bytes[at] === 32) at++;
      at = behind(key.bytes, bytes, at);
      if (at < 0) return -1;
      while (bytes[at] === 32) at++;
      at = this.#value(bytes, at, key.column);
      if (at < 0) return -1;
      while (bytes[at] === 32) at++;
      if (bytes[at++] !== (k === last ? 125 : 44)) return -1;
    }
    return at;
  }

  #append(rows: BatchBuilder): void {
    const kinds = this.#kinds;
    for (let i = 0; i < kinds.length; i++) {
      if (this.#nulls[i] === 1) rows.fillNull(i);
      else if (kinds[i] === text) rows.fillText(i, this.#strings[i]!);
      else if (kinds[i] === flag) rows.fillFlag(i, this.#numbers[i] === 1);
      else rows.fillNumber(i, this.#numbers[i]!);
    }
    rows.filled();
  }

  /** Behind the value, which is then known; -1 if it is left. */
  #value(bytes: Uint8Array, at: number, column: number): number {
    const kind = column < 0 ? skipped : this.#kinds[column]!;
    if (bytes[at] === 110) {
      if (kind !== skipped && !this.#nullable[column]!) return -1;
      if (column >= 0) this.#nulls[column] = 1;
      return isWord(bytes, at, 110, 117, 108, 108) ? at + 4 : -1;
    }
    if (column >= 0) this.#nulls[column] = 0;
    switch (kind) {
      case float:
      case whole:
        return this.#numberOf(bytes, at, column, kind === whole);
      case time:
        return bytes[at] === 34 ? this.#timeOf(bytes, at, column) : this.#momentOf(bytes, at, column);
      case timeText:
        return this.#timeOf(bytes, at, column);
      case text:
        return this.#textOf(bytes, at, column);
      case flag:
        return this.#flagOf(bytes, at, column);
      default:
        return this.#skip(bytes, at);
    }
  }

  #numberOf(bytes: Uint8Array, at: number, column: number, isInteger: boolean): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || (isInteger && !Number.isSafeInteger(this.#number))) return -1;
    this.#numbers[column] = this.#number;
    return end;
  }

  #momentOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanNumber(bytes, at);
    if (end < 0 || !Number.isInteger(this.#number) || Math.abs(this.#number) > timeMax) return -1;
    this.#numbers[column] = this.#number + 0; // a time has one zero
    return end;
  }

  #timeOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanText(bytes, at);
    if (end < 0) return -1;
    const ms = this.#scans[column]!.ms(bytes, at + 1, end - 1);
    this.#numbers[column] = ms;
    return Number.isNaN(ms) ? -1 : end;
  }

  #textOf(bytes: Uint8Array, at: number, column: number): number {
    const end = this.#scanText(bytes, at);
    if (end < 0) return -1;
    const value = this.#texts.text(bytes, at + 1, end - 1, this.#hash);
    this.#strings[column] = value;
    const allowed = this.#allowed[column]!;
    return allowed === null || allowed.has(value) ? end : -1;
  }

  #flagOf(bytes: Uint8Array, at: number, column: number): number {
    const isTrue = bytes[at] === 116;
    this.#numbers[column] = isTrue ? 1 : 0;
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
      hash = (Math.imul(hash, 31) + byte) | 0;
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

function behind(expected: Uint8Array, bytes: Uint8Array, from: number): number {
  const { length } = expected;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== expected[i]) return -1;
  return from + length;
}

const isWord = (bytes: Uint8Array, at: number, a: number, b: number, c: number, d: number): boolean =>
  bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d;

/**
 * Keys as canonical strings: two keys are the same string exactly if their values are the same.
 *
 * Owns: the form, which is frozen with `keyHashVersion`. One character per byte (0 to 255), so that a key is at once a
 * `Map` key and bytes. A key is its parts one after the other; each part is a tag and a payload that says where it ends.
 *   null 00 · false 01 · true 02 · number 03 and 8 bytes, big-endian IEEE · string 04, length, UTF-8 ·
 *   bytes 05, length, bytes · window {start, end} 06 and two numbers of 8 bytes · array 07, count, parts
 * Lengths and counts are varints, 7 bits each, lowest first. -0 is 0, every NaN one, undefined is null; a lone surrogate
 * is written as if it were a character of its own.
 * Invariants: K1 equal values, equal keys; K2 different values, different keys; K3 `keyValues` gives the values back.
 */
import { WeirError } from '../core/index.ts';
import { KeyReader } from './key-reader.ts';
import { keyTag } from './key-tags.ts';
import { latin1Of } from './key-text.ts';
import { describeValue } from './value-error.ts';

/**
 * The key of these parts.
 *
 * @throws WeirError `E_VALUE` for a value that cannot be a key
 */
export function keyOf(values: readonly unknown[]): string {
  if (values.length === 1) return part(values[0], 0);
  let key = '';
  for (let i = 0; i < values.length; i++) key += part(values[i], 0);
  return key;
}

/** `keyOf([value])`. */
export function keyOfOne(value: unknown): string {
  return part(value, 0);
}

/**
 * The values that a key was made of.
 *
 * @throws WeirError `E_STATE_DAMAGED` for a string that `keyOf` did not make
 */
export function keyValues(key: string): unknown[] {
  return new KeyReader(key).all();
}

/** How deep arrays in keys may nest; an array that holds itself runs into it too. */
const depthMax = 50;

function part(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return textPart(value);
    case 'number':
      return keyTag.number + numberBytes(value);
    case 'boolean':
      return value ? keyTag.true : keyTag.false;
    case 'undefined':
      return keyTag.null;
    case 'object':
      return value === null ? keyTag.null : objectPart(value, depth);
    default:
      throw noKey(value);
  }
}

/** Tag and length of short texts, ready made: one concatenation fewer on the way of most keys. */
const shortHeads: readonly string[] = Array.from({ length: 0x80 }, (_, length) => keyTag.string + String.fromCharCode(length));

function textPart(value: string): string {
  const bytes = latin1Of(value);
  return (shortHeads[bytes.length] ?? keyTag.string + varint(bytes.length)) + bytes;
}

function objectPart(value: object, depth: number): string {
  if (value instanceof Uint8Array) return keyTag.bytes + varint(value.length) + Buffer.from(value).toString('latin1');
  if (Array.isArray(value) && depth < depthMax) {
    let parts = keyTag.array + varint(value.length);
    for (let i = 0; i < value.length; i++) parts += part(value[i], depth + 1);
    return parts;
  }
  const { start, end } = value as { start?: unknown; end?: unknown };
  if (typeof start === 'number' && typeof end === 'number' && hasTwoProperties(value)) {
    return keyTag.window + numberBytes(start) + numberBytes(end);
  }
  throw noKey(value);
}

function hasTwoProperties(value: object): boolean {
  let count = 0;
  for (const _ in value) count++;
  return count === 2;
}

/** Holds nothing between two calls. */
const scratch = new DataView(new ArrayBuffer(8));

function numberBytes(value: number): string {
  // Adding 0 turns -0 into 0; the constant makes every NaN the same.
  scratch.setFloat64(0, value === value ? value + 0 : Number.NaN);
  const high = scratch.getInt32(0);
  const low = scratch.getInt32(4);
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

function varint(value: number): string {
  return value < 0x80
    ? String.fromCharCode(value)
    : String.fromCharCode((value % 0x80) | 0x80) + varint(Math.floor(value / 0x80));
}

function noKey(value: unknown): WeirError {
  return new WeirError('E_VALUE', `${describeValue(value)} cannot be a key`, {
    hint: 'a key may be a string, number, boolean, null, Uint8Array, window {start, end}, or an array of these',
  });
}

/**
 * The shape that lines have: what stands between their values, byte for byte.
 *
 * Owns: finding it out from one line that was read (any-order.ts), so that it is known to be a record. Structs are not values: what
 * stands between is `,"bid":{"price":` as well as `,"price":`.
 */
import { partOf } from './any-order.ts';
import { type Group, leafKind, type Part } from './read-plan.ts';
import { behindBlanks, type JsonValues } from './values.ts';

export interface ShapeValue {
  /** What stands between the value before, or the begin of the line, and this one. */
  readonly before: Uint8Array;
  /** Its leaf; -1 for one that the schema does not have. */
  readonly leaf: number;
  /** Bytes of the text that it was, without quotes; -1 if it was none. */
  readonly textBytes: number;
}
export interface Shape {
  readonly values: readonly ShapeValue[];
  /** What stands behind the last value. */
  readonly after: Uint8Array;
  /** Structs that are there. */
  readonly present: ReadonlySet<number>;
}

const valuesMax = 200;

/** Null: it has too many values. */
export function shapeOf(line: Uint8Array, from: number, root: Group, json: JsonValues): Shape | null {
  const values: ShapeValue[] = [];
  const present = new Set<number>([root.id]);
  let begun = from;
  const value = (at: number, leaf: number): number => {
    const end = json.skip(line, at);
    values.push({ before: line.slice(begun, at), leaf, textBytes: line[at] === 34 ? end - at - 2 : -1 });
    begun = end;
    return end;
  };
  const part = (at: number, found: Part | undefined): number => {
    if (found === undefined || (found.is === 'leaf' && found.kind === leafKind.skipped)) return value(at, -1);
    if (found.is === 'leaf') return value(at, found.id);
    if (line[at] === 110) return at + 4;
    present.add(found.id);
    return object(at, found);
  };
  const object = (open: number, group: Group): number => {
    let at = behindBlanks(line, open + 1);
    while (line[at] !== 125) {
      const end = line.indexOf(34, at + 1);
      const found = partOf(line, at + 1, end, group);
      at = behindBlanks(line, behindBlanks(line, end + 1) + 1);
      at = behindBlanks(line, part(at, found));
      if (line[at] === 44) at = behindBlanks(line, at + 1);
    }
    return at + 1;
  };
  const end = object(behindBlanks(line, from), root);
  return values.length > valuesMax ? null : { values, after: line.slice(begun, end), present };
}

/**
 * Behind what `between` says, with other blanks than there; -1 if it is something else.
 *
 * @param between as in a shape, without the blanks outside of names
 */
export function behindLoosely(bytes: Uint8Array, from: number, between: Uint8Array): number {
  let at = from;
  let inName = false;
  for (let i = 0; i < between.length; i++) {
    const byte = between[i]!;
    const inWord = isLetter(byte) && isLetter(between[i - 1]);
    if (!inName && !inWord) at = behindBlanks(bytes, at);
    if (bytes[at++] !== byte) return -1;
    if (byte === 34) inName = !inName;
  }
  return behindBlanks(bytes, at);
}

/** Outside of names there is one word: null. */
const isLetter = (byte: number | undefined): boolean => byte !== undefined && byte >= 97 && byte <= 122;

/** Without blanks outside of names; names have no escapes. */
export function withoutBlanks(between: Uint8Array): Uint8Array {
  let inName = false;
  return between.filter((byte) => {
    if (byte === 34) inName = !inName;
    return inName || (byte !== 32 && byte !== 9 && byte !== 13);
  });
}

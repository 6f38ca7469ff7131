/**
 * Records whose fields come in any order, read one value after the other.
 *
 * What shapes (line-code.ts) do not know is read here, and everything where no code may be made.
 */
import { bufferOver, latin1Text } from '../../../batch/index.ts';
import { type Group, leafKind, type Part, type ReadPlan } from './read-plan.ts';
import { behindBlanks, type JsonValues } from './values.ts';

const quote = 34;

export class AnyOrder {
  /** By group: 1 if the record that was read last has it. */
  readonly present: Uint8Array;
  readonly #values: JsonValues;
  readonly #root: Group;
  /** By leaf and by group: the record in which it was seen last. */
  readonly #leafSeen: Float64Array;
  readonly #groupSeen: Float64Array;
  #record = 0;

  constructor({ root, leaves, groups }: ReadPlan, values: JsonValues) {
    this.#root = root;
    this.#values = values;
    this.present = new Uint8Array(groups.length);
    this.#leafSeen = new Float64Array(leaves.length);
    this.#groupSeen = new Float64Array(groups.length);
  }

  /** Behind the record's closing brace; `values` holds its values then. -1 if it is left. */
  read(bytes: Uint8Array, from: number): number {
    this.#record++;
    return this.#object(bytes, behindBlanks(bytes, from), this.#root);
  }

  #object(bytes: Uint8Array, from: number, group: Group): number {
    if (bytes[from] !== 123) return -1;
    let at = behindBlanks(bytes, from + 1);
    if (bytes[at] === 125) return this.#complete(group) ? at + 1 : -1;
    for (let next = 0; ; next++) {
      const end = bytes[at] === quote ? this.#values.strings.end(bytes, at + 1) : -1;
      if (end < 0 || this.#values.strings.escaped) return -1;
      const part = partOf(bytes, at + 1, end, group, next);
      at = behindBlanks(bytes, end + 1);
      if (bytes[at] !== 58) return -1;
      at = behindBlanks(bytes, at + 1);
      at = part === undefined ? this.#values.skip(bytes, at) : this.#part(bytes, at, part);
      if (at < 0) return -1;
      at = behindBlanks(bytes, at);
      const byte = bytes[at++];
      if (byte === 125) return this.#complete(group) ? at : -1;
      if (byte !== 44) return -1;
      at = behindBlanks(bytes, at);
    }
  }

  /** Of a field that is there twice the last value counts: left. */
  #part(bytes: Uint8Array, at: number, part: Part): number {
    const seen = part.is === 'leaf' ? this.#leafSeen : this.#groupSeen;
    if (seen[part.id] === this.#record) return -1;
    seen[part.id] = this.#record;
    if (part.is === 'leaf') return this.#values.read(bytes, at, part.id);
    const isNull = bytes[at] === 110;
    this.present[part.id] = isNull ? 0 : 1;
    if (isNull) return part.nullable ? this.#values.skip(bytes, at) : -1;
    return this.#object(bytes, at, part);
  }

  /** What is not there is null; false if it must not be. */
  #complete({ parts }: Group): boolean {
    for (const part of parts) {
      const seen = part.is === 'leaf' ? this.#leafSeen : this.#groupSeen;
      if (seen[part.id] === this.#record) continue;
      if (!part.nullable && !(part.is === 'leaf' && part.kind === leafKind.skipped)) return false;
      if (part.is === 'leaf') this.#values.nulls[part.id] = 1;
      else this.present[part.id] = 0;
    }
    return true;
  }
}

/** Which field a key names; undefined for one that the schema does not have. Mostly it is the next one. */
export function partOf(bytes: Uint8Array, from: number, to: number, { parts, byKey }: Group, next = 0): Part | undefined {
  const likely = parts[next];
  if (likely !== undefined && isKey(bytes, from, to, likely.key)) return likely;
  return byKey.get(latin1Text(bufferOver(bytes), from, to));
}

function isKey(bytes: Uint8Array, from: number, to: number, key: string): boolean {
  if (to - from !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key.charCodeAt(i)) return false;
  return true;
}

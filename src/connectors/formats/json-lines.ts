/**
 * Objects as JSON, straight into bytes: what `jsonText` gives, without a text of each between. Objects of plain values are written here;
 * all others are left to `jsonText`.
 */
import { Buffer } from 'node:buffer';
import { jsonText } from './json-text.ts';
import type { LineBytes } from './json-write/line-bytes.ts';

/** An object whose inherited properties, if there should be any, are those of every row. */
const bare: object = {};
const words = { null: Buffer.from('null'), true: Buffer.from('true'), false: Buffer.from('false') };

export class JsonLines {
  readonly #out: LineBytes;
  /** By position in an object: the name that was there last, and what stands before its value. */
  readonly #names: string[] = [];
  readonly #heads: Uint8Array[] = [];

  constructor(out: LineBytes) {
    this.#out = out;
  }

  /** @throws WeirError `E_VALUE` for what JSON cannot hold */
  add(row: object): void {
    const start = this.#out.length;
    if (this.#addPlain(row)) return;
    this.#out.truncate(start);
    this.#out.text(jsonText(row));
  }

  /** False if it is not a plain object of plain values; what was written of it then does not count. */
  #addPlain(row: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(row);
    if (prototype !== Object.prototype && prototype !== null) return false;
    for (const _ in bare) return false;
    const out = this.#out;
    let count = 0;
    for (const name in row) {
      const value = (row as Readonly<Record<string, unknown>>)[name];
      if (value === undefined) continue;
      out.put(this.#head(count++, name));
      if (typeof value === 'number') out.number(value);
      else if (typeof value === 'string') out.string(value);
      else if (value === null) out.put(words.null);
      else if (typeof value === 'boolean') out.put(value ? words.true : words.false);
      else return false;
    }
    if (count === 0) return false;
    out.byte(125);
    return true;
  }

  #head(position: number, name: string): Uint8Array {
    if (this.#names[position] !== name) {
      this.#names[position] = name;
      this.#heads[position] = Buffer.from(`${position === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    }
    return this.#heads[position]!;
  }
}

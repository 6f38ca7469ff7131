/**
 * Rows as lines of JSON, straight into bytes: what `jsonText` gives, without a text of each row between.
 *
 * Owns: the memory that lines are made in. Rows of plain values are written here; all others are left to `jsonText`.
 * Invariants: LW1 the bytes are those of `jsonText(row)` and a line feed; LW2 of a row that it refuses there are none.
 */
import { Buffer } from 'node:buffer';
import { jsonText } from './json-text.ts';
import type { LineWriter } from './line-writer.ts';

const firstBytes = 1 << 16;
/** More is not kept: one large batch should not cost for ever. */
const keptBytes = 1 << 20;
/** What a number needs, and what stands around a value. */
const numberBytes = 32;
/** Longer texts are quoted by the engine. */
const charsMax = 64;

/** An object whose inherited properties, if there should be any, are those of every row. */
const bare: object = {};

export class JsonLines implements LineWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;
  /** By position in a row: the name that was there last, and what stands before its value. */
  readonly #names: string[] = [];
  readonly #heads: Uint8Array[] = [];

  begin(): void {
    this.#at = 0;
  }

  add(row: object): void {
    const start = this.#at;
    if (!this.#addPlain(row)) {
      this.#at = start;
      this.#addText(jsonText(row));
    }
    this.#room(1);
    this.#bytes[this.#at++] = 10;
  }

  take(): Uint8Array {
    const lines = Buffer.allocUnsafeSlow(this.#at);
    this.#bytes.copy(lines, 0, 0, this.#at);
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#at = 0;
    return lines;
  }

  /** False if it is not a plain object of plain values; what was written of it then does not count. */
  #addPlain(row: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(row);
    if (prototype !== Object.prototype && prototype !== null) return false;
    for (const _ in bare) return false;
    let count = 0;
    for (const name in row) {
      const value = (row as Readonly<Record<string, unknown>>)[name];
      if (value === undefined) continue;
      this.#addHead(count++, name);
      if (typeof value === 'number') this.#addNumber(value);
      else if (typeof value === 'string') this.#addString(value);
      else if (value === null || typeof value === 'boolean') this.#addWord(String(value));
      else return false;
    }
    if (count === 0) return false;
    this.#room(1);
    this.#bytes[this.#at++] = 125;
    return true;
  }

  #addHead(position: number, name: string): void {
    if (this.#names[position] !== name) {
      this.#names[position] = name;
      this.#heads[position] = Buffer.from(`${position === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    }
    const head = this.#heads[position]!;
    const { length } = head;
    this.#room(length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) bytes[at + i] = head[i]!;
    this.#at = at + length;
  }

  #addNumber(value: number): void {
    const magnitude = Math.abs(value);
    if (magnitude > 99_999 || (value | 0) !== value) return this.#addWord(Number.isFinite(value) ? String(value) : 'null');
    this.#room(numberBytes);
    const bytes = this.#bytes;
    if (value < 0) bytes[this.#at++] = 45;
    let digits = magnitude < 10 ? 1 : magnitude < 100 ? 2 : magnitude < 1000 ? 3 : magnitude < 10_000 ? 4 : 5;
    this.#at += digits;
    let at = this.#at;
    for (let rest = magnitude; digits > 0; digits--) {
      const tenth = (rest / 10) | 0;
      bytes[--at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  }

  #addString(value: string): void {
    const { length } = value;
    if (length > charsMax) return this.#addText(JSON.stringify(value));
    this.#room(length + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 34;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code < 32 || code > 126 || code === 34 || code === 92) return this.#addText(JSON.stringify(value));
      bytes[at++] = code;
    }
    bytes[at++] = 34;
    this.#at = at;
  }

  /** A short text in ASCII. */
  #addWord(word: string): void {
    const { length } = word;
    this.#room(length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) bytes[at + i] = word.charCodeAt(i);
    this.#at = at + length;
  }

  #addText(text: string): void {
    this.#room(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  #room(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

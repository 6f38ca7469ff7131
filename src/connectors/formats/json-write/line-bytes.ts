/**
 * Bytes that lines are made in, with room for what is written next.
 *
 * Owns: the memory, and what of it was taken. What values look like is in values.ts; code made for rows (row-code.ts) writes at `at` itself.
 */
import { Buffer } from 'node:buffer';
import type { TextBytes } from '../../../batch/index.ts';
import { longText, numberBytes, putNumber, putString, putUtf8, textBytes } from './values.ts';

/** Memory that the lines of several batches lie in, one behind the other: this much, or for a few more batches like the last one. */
const slabBytes = 1 << 20;
const slabBytesMax = 1 << 22;
const batchesOfSlab = 8;

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
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = viewOf(this.bytes);
  /** Where what was not taken yet begins, and ends. */
  begin = 0;
  at = 0;
  /** What was taken last. */
  #taken = 0;

  get length(): number {
    return this.at - this.begin;
  }

  /** Forgets what is behind. */
  truncate(length: number): void {
    this.at = this.begin + length;
  }

  /** All of it, where nobody writes any more; the next begins. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(this.begin, this.at);
    this.begin = this.at;
    this.#taken = taken.length;
    return taken;
  }

  /** So many bytes may be written from `at` on; `bytes`, `view` and `begin` may be others now. */
  room(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const { length } = this;
    const likely = Math.min(this.#taken * batchesOfSlab, slabBytesMax);
    const slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, likely, length * 2 + size));
    this.bytes.copy(slab, 0, this.begin, this.at);
    this.bytes = slab;
    this.view = viewOf(slab);
    this.begin = 0;
    this.at = length;
  }

  byte(byte: number): void {
    this.room(1);
    this.bytes[this.at++] = byte;
  }

  /** A few bytes. */
  put(few: Uint8Array): void {
    const { length } = few;
    this.room(length);
    const { bytes, at } = this;
    for (let i = 0; i < length; i++) bytes[at + i] = few[i]!;
    this.at = at + length;
  }

  /** As `put`, for bytes that are known beforehand. */
  putWords({ words, length }: Words): void {
    this.room(length + 3);
    const { view, at } = this;
    for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i]!, true);
    this.at = at + length;
  }

  number(value: number): void {
    this.room(numberBytes);
    this.at = putNumber(this.bytes, this.view, this.at, value);
  }

  /** A string, in quotes. */
  string(value: string): void {
    if (value.length > longText) return this.text(JSON.stringify(value));
    this.room(textBytes(value.length));
    this.at = putString(this.bytes, this.at, value);
  }

  /** A string of which these are the bytes in UTF-8, in quotes; `view` is of the same bytes. */
  utf8(from: TextBytes, view: DataView, start: number, end: number): void {
    if (end - start > longText) return this.text(JSON.stringify(from.toString('utf8', start, end)));
    this.room(textBytes(end - start));
    this.at = putUtf8(this.bytes, this.view, this.at, from, view, start, end);
  }

  /** What is JSON already. */
  text(text: string): void {
    this.room(text.length * 3);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

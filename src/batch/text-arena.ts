/**
 * Memory that texts of one batch lie in, as UTF-8: stretches of what was read, taken over as they are, and texts that came one by one.
 *
 * Owns: the bytes. Where a text begins and ends knows the column (columns/string-builder.ts); several columns share an arena.
 */
import { Buffer } from 'node:buffer';
import { copyBytes } from './memory.ts';

/** Four bytes at a time beat the call into native code. */
const copiedByFours = 96;
const firstBytes = 1 << 12;
/** More is not kept for the next batch, nor made ready for it: one large batch should not cost for ever. */
const keptBytes = 1 << 22;
/** The next batch is mostly about as large: memory that grows is copied, and what it was before is garbage outside of the heap. */
const room = 1.125;

export class TextArena {
  length = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(this.#bytes.buffer, 0, 0);
  #plain: Uint8Array = new Uint8Array(0);
  #built: Buffer | null = null;

  /** What lies in it from 0 to `length`; another object once it has grown. No Buffer: code that reads other bytes as well is compiled once. */
  get bytes(): Uint8Array {
    if (this.#plain.buffer !== this.#bytes.buffer) this.#plain = plainOver(this.#bytes);
    return this.#plain;
  }

  /** Makes room for so many bytes behind `length`. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, firstBytes));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }

  /** Takes over a stretch of bytes; it begins where `length` was. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    if (from === 0 && to === bytes.length) this.#bytes.set(bytes, this.length);
    else copyBytes(bytes, from, to, this.#bytes, this.length);
    this.length += to - from;
  }

  /** The same, one of many, for which room was made; four bytes at a time. @param view of the bytes that it is among */
  addShort(view: DataView, from: number, to: number): void {
    if (to - from > copiedByFours) return this.add(new Uint8Array(view.buffer, view.byteOffset + from, to - from), 0, to - from);
    const out = this.#written;
    let at = this.length;
    let i = from;
    for (; i + 4 <= to; i += 4, at += 4) out.setInt32(at, view.getInt32(i, true), true);
    for (; i < to; i++, at++) out.setUint8(at, view.getUint8(i));
    this.length = at;
  }

  /** A text without lone surrogates; it begins where `length` was. */
  addText(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.#bytes.write(text, this.length, 'utf8');
  }

  /** The bytes of the batch that is built, for all of its columns. They do not change any more. */
  built(): Uint8Array {
    this.#built ??= this.#handOver();
    return this.#built;
  }

  /** The next batch begins. */
  reset(): void {
    this.#built = null;
    this.length = 0;
  }

  get #written(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }

  #handOver(): Buffer {
    const { length } = this;
    const bytes = this.#bytes;
    if (length * 2 < bytes.length) {
      if (bytes.length > keptBytes) this.#bytes = Buffer.alloc(0);
      return Buffer.from(bytes.subarray(0, length));
    }
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(Math.ceil(length * room), keptBytes));
    return bytes.subarray(0, length);
  }
}

const plainOver = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

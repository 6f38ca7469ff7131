import { WeirError } from '../core/index.ts';
import { copyBytes } from './memory.ts';
import { packedView } from './packed-value.ts';
import { isWellFormed } from './text.ts';

/** Up to this length a loop beats the call into native code. */
const shortText = 48;
const two28 = 2 ** 28;

/** Writes numbers, text and bytes one after the other into memory that grows. `ByteReader` reads them in the same order. */
export class ByteWriter {
  private bytesOut = new Uint8Array(256);
  private view = new DataView(this.bytesOut.buffer);
  private at = 0;

  get length(): number {
    return this.at;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytesOut[this.at++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** A natural number up to 2^53 - 1, in 1 to 8 bytes: small ones are short. */
  varint(value: number): void {
    if (!(value >= 0) || !Number.isSafeInteger(value)) throw unwritable(value);
    this.reserve(8);
    if (value < two28) return this.groups(value);
    // In two halves: on numbers beyond 31 bits there are no bit operations, and % is slow.
    const high = Math.floor(value / two28);
    const low = value - high * two28;
    for (let shift = 0; shift < 28; shift += 7) this.bytesOut[this.at++] = ((low >>> shift) & 0x7f) | 0x80;
    this.groups(high);
  }

  /** An integer within ±(2^53 - 1): its sign beside its lowest bits, then as a varint. */
  int(value: number): void {
    if (!Number.isSafeInteger(value)) throw unwritable(value);
    const size = Math.abs(value);
    const rest = Math.floor(size / 0x40);
    this.u8((size - rest * 0x40) | (value < 0 ? 0x40 : 0) | (rest > 0 ? 0x80 : 0));
    if (rest > 0) this.varint(rest);
  }

  /** All 64 bits but those of a NaN, of which there is one. */
  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Any string, lone surrogates included: twice its length in bytes, plus 1 if they are UTF-16. */
  string(value: string): void {
    if (value.length <= shortText && (this.shortAscii(value) || this.shortUtf8(value))) return;
    const utf8 = isWellFormed(value);
    const encoded = Buffer.from(value, utf8 ? 'utf8' : 'utf16le');
    this.varint(encoded.length * 2 + (utf8 ? 0 : 1));
    this.raw(encoded);
  }

  /** Length, then the bytes. */
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** Bytes as they are, whose reader knows how many there are. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    copyBytes(source, from, to, this.bytesOut, this.at);
    this.at += to - from;
  }

  /** Length, then what another one has written. */
  written(other: ByteWriter): void {
    this.varint(other.at);
    this.copy(other.bytesOut, 0, other.at);
  }

  /** A value of the domain of value-domain.ts. */
  value(value: unknown): void {
    this.bytes(packedView(value));
  }

  /** What was written, as a copy. */
  finish(): Uint8Array {
    return this.bytesOut.slice(0, this.at);
  }

  /** The same where it lies, good until something else is written. */
  peek(): Uint8Array {
    return this.bytesOut.subarray(0, this.at);
  }

  /** Copies what was written to a place that has room for it. */
  copyTo(target: Uint8Array, at: number): void {
    copyBytes(this.bytesOut, 0, this.at, target, at);
  }

  /** Starts again, in the same memory. */
  reset(): void {
    this.at = 0;
  }

  private shortAscii(value: string): boolean {
    const { length } = value;
    this.reserve(length + 1);
    const out = this.bytesOut;
    const start = this.at + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      out[start + i] = code;
    }
    // Twice a short length fits into one byte.
    out[this.at] = length * 2;
    this.at = start + length;
    return true;
  }

  /** Characters of one and of two bytes, 63 bytes in all: keys of numbers are full of them. */
  private shortUtf8(value: string): boolean {
    this.reserve(shortText * 2 + 1);
    const out = this.bytesOut;
    const start = this.at + 1;
    let to = start;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x800) return false;
      if (code >= 0x80) out[to++] = 0xc0 | (code >>> 6);
      out[to++] = code < 0x80 ? code : 0x80 | (code & 0x3f);
    }
    if (to - start > 63) return false;
    out[this.at] = (to - start) * 2;
    this.at = to;
    return true;
  }

  private groups(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.bytesOut[this.at++] = (rest & 0x7f) | 0x80;
    this.bytesOut[this.at++] = rest;
  }

  private raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytesOut.set(value, this.at);
    this.at += value.length;
  }

  private reserve(size: number): void {
    if (this.at + size <= this.bytesOut.length) return;
    const grown = new Uint8Array(Math.max(this.at + size, this.bytesOut.length * 2));
    grown.set(this.bytesOut);
    this.bytesOut = grown;
    this.view = new DataView(grown.buffer);
  }
}

function unwritable(value: number): WeirError {
  return new WeirError('E_INTERNAL', `broken invariant: B8: what is written as an integer is one, got ${value}`);
}

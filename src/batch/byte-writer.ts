import { invariant } from '../core/index.ts';
import { packValue } from './packed-value.ts';
import { isWellFormed } from './text.ts';

/** Up to this length a loop beats the call into native code. */
const shortText = 48;

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
    invariant(Number.isSafeInteger(value) && value >= 0, `B8: a varint is a natural number, got ${value}`);
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytesOut[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytesOut[this.at++] = rest;
  }

  /** An integer within ±(2^53 - 1): its sign beside its lowest bits, then as a varint. */
  int(value: number): void {
    invariant(Number.isSafeInteger(value), `B8: an integer is within 2^53, got ${value}`);
    const size = Math.abs(value);
    const more = size >= 0x40;
    this.u8((size % 0x40) | (value < 0 ? 0x40 : 0) | (more ? 0x80 : 0));
    if (more) this.varint(Math.floor(size / 0x40));
  }

  /** All 64 bits but those of a NaN, of which there is one. */
  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Any string, lone surrogates included: twice its length in bytes, plus 1 if they are UTF-16. */
  string(value: string): void {
    if (value.length <= shortText && this.shortAscii(value)) return;
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

  /** A value of the domain of value-domain.ts. */
  value(value: unknown): void {
    this.bytes(packValue(value));
  }

  /** What was written, as a copy. */
  finish(): Uint8Array {
    return this.bytesOut.slice(0, this.at);
  }

  /** Starts again, in the same memory. */
  reset(): void {
    this.at = 0;
  }

  private shortAscii(value: string): boolean {
    this.reserve(value.length + 2);
    const start = this.at;
    this.varint(value.length * 2);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.at = start;
        return false;
      }
      this.bytesOut[this.at++] = code;
    }
    return true;
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

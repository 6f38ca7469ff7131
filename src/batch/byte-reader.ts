import { WeirError } from '../core/index.ts';
import { unpackValue } from './packed-value.ts';

/** Reads what a `ByteWriter` wrote, in the same order. Every method throws `E_STATE_DAMAGED` rather than read past the end. */
export class ByteReader {
  private readonly source: Buffer;
  private end: number;
  private at: number;
  private readonly numbers: DataView | undefined;

  /** @param numbers a view of the bytes, where there is one: a double is read sooner from it */
  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length, numbers?: DataView) {
    this.numbers = numbers;
    this.source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = offset;
    this.end = Math.min(end, bytes.length);
  }

  /** Reads in another place of the same bytes, in [offset, end). */
  moveTo(offset: number, end: number): void {
    this.at = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.at;
  }

  u8(): number {
    return this.source[this.take(1)]!;
  }

  u32(): number {
    return this.source.readUInt32LE(this.take(4));
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 0x80 ** 7; factor *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return this.safe(value);
    }
    throw damagedBytes('a number is too long');
  }

  int(): number {
    const first = this.u8();
    const size = (first & 0x3f) + (first >= 0x80 ? this.varint() * 0x40 : 0);
    return this.safe((first & 0x40) === 0 || size === 0 ? size : -size);
  }

  f64(): number {
    const at = this.take(8);
    return this.numbers === undefined ? this.source.readDoubleLE(at) : this.numbers.getFloat64(at, true);
  }

  string(): string {
    const head = this.varint();
    const size = Math.floor(head / 2);
    const start = this.take(size);
    return this.source.toString(head % 2 === 0 ? 'utf8' : 'utf16le', start, start + size);
  }

  skipString(): void {
    this.take(Math.floor(this.varint() / 2));
  }

  /** A copy. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view());
  }

  skip(size: number): void {
    this.take(size);
  }

  value(): unknown {
    return unpackValue(this.view());
  }

  private view(): Uint8Array {
    const size = this.varint();
    const start = this.take(size);
    return this.source.subarray(start, start + size);
  }

  private take(size: number): number {
    const start = this.at;
    if (size > this.end - start) throw damagedBytes(`they end ${size - (this.end - start)} bytes too early`);
    this.at = start + size;
    return start;
  }

  private safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw damagedBytes('a number is beyond 2^53');
    return value;
  }
}

function damagedBytes(what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `encoded bytes are damaged: ${what}`);
}

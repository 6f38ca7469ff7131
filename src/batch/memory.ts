/** Memory outside of the garbage collector's heap, as bytes and as numbers. */
import { ByteReader } from './byte-reader.ts';
import type { TextBytes } from './text.ts';

export class Memory {
  readonly bytes: TextBytes;
  readonly view: DataView;
  #reader: ByteReader | undefined;

  constructor(size: number, bytes: TextBytes = Buffer.allocUnsafeSlow(size) as unknown as TextBytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A reader of [from, to), good until the next. */
  reader(from: number, to: number): ByteReader {
    this.#reader ??= new ByteReader(this.bytes, 0, 0, this.view);
    this.#reader.moveTo(from, to);
    return this.#reader;
  }
}

/** Up to so many bytes a loop beats the call into native code (two nanoseconds a byte, a hundred a call). */
const copiedByHand = 48;

/** Most of what is copied is short: texts, keys, rows. */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > copiedByHand) target.set(source.subarray(from, to), at);
  else for (let i = from, out = at; i < to; i++, out++) target[out] = source[i]!;
}

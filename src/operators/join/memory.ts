/** Memory for rows as bytes, outside of the garbage collector's heap. */
import type { TextBytes } from '../../batch/index.ts';

const roomBytes = 1 << 16;
const copiedByHand = 192;

export class Memory {
  readonly bytes: TextBytes;
  readonly view: DataView;

  constructor(size: number, bytes: TextBytes = Buffer.allocUnsafeSlow(size) as unknown as TextBytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Hands out parts of larger memory, one after the other: as long as one of them is used, all of it is there. */
export class Rooms {
  #memory = new Memory(0);
  #end = 0;

  /** Where the part begins that `take` is going to give. */
  get next(): number {
    return this.#end;
  }

  /** The memory in which so many bytes are free from `next` on, until they are taken. */
  with(size: number): Memory {
    if (this.#end + size > this.#memory.bytes.length) {
      this.#memory = new Memory(Math.max(size, this.#end === 0 ? 1 << 10 : roomBytes));
      this.#end = 0;
    }
    return this.#memory;
  }

  take(size: number): void {
    this.#end += size;
  }
}

/** Most are short: a loop beats the call into native code. */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > copiedByHand) target.set(source.subarray(from, to), at);
  else for (let i = from, out = at; i < to; i++, out++) target[out] = source[i]!;
}

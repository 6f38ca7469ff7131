/**
 * Blocks of memory that are taken and given back one by one, and used again by their size.
 *
 * Owns: the first eight bytes of each: how many it has, and while nobody has it the next one that is free. Does not own: what else lies in them.
 */
import type { Memory } from '../batch/index.ts';
import { Arena, type FreeSegments, offsetOf } from './arena.ts';
import { classOf, sizeOf } from './block-sizes.ts';

const nextAt = 4;

/** How many bytes a block has that lies there. */
export const blockBytes = (view: DataView, at: number): number => view.getUint32(at, true);

export class Blocks {
  /** All that there are. */
  count = 0;
  readonly #arena: Arena;
  readonly #headBytes: number;
  /** By class of size: a block that is free. */
  readonly #free: number[] = [];

  /** @param headBytes of a block that nobody has had these are 0, but for the first four; a multiple of 4 */
  constructor(free: FreeSegments, headBytes: number) {
    this.#arena = new Arena(free);
    this.#headBytes = headBytes;
  }

  /** What they take of memory, those that are free included. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  memoryOf(block: number): Memory {
    return this.#arena.memoryOf(block);
  }

  /** How many bytes a block has. */
  sizeOf(block: number): number {
    return blockBytes(this.#arena.memoryOf(block).view, offsetOf(block));
  }

  /** The position of a block of so many bytes at least. */
  take(bytes: number): number {
    const size = classOf(bytes);
    const free = this.#free[size] ?? 0;
    if (free !== 0) {
      this.#free[size] = this.#arena.memoryOf(free).view.getInt32(offsetOf(free) + nextAt, true);
      return free;
    }
    const block = this.#arena.take(sizeOf(size));
    const { view } = this.#arena.memoryOf(block);
    const at = offsetOf(block);
    view.setUint32(at, sizeOf(size), true);
    for (let i = nextAt; i < this.#headBytes; i += 4) view.setUint32(at + i, 0, true);
    this.count++;
    return block;
  }

  give(block: number): void {
    const size = classOf(this.sizeOf(block));
    this.#arena.memoryOf(block).view.setInt32(offsetOf(block) + nextAt, this.#free[size] ?? 0, true);
    this.#free[size] = block;
  }

  /** The block that was made next after this one. */
  after(block: number): number {
    return this.#arena.after(block, this.sizeOf(block));
  }

  /** Nobody asks for any of them any more. */
  release(): void {
    this.#arena.release();
  }
}

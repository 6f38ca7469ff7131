/**
 * Memory for what is never moved: taken piece by piece, given back as a whole.
 *
 * Owns: segments, and the positions in them, which count units of four bytes from 1: 0 is none, and 31 bits reach 8 GiB.
 */
import { Memory } from '../batch/index.ts';
import { invariant } from '../core/index.ts';

const unit = 4;
const segmentBytes = 1 << 18;
const segmentUnits = segmentBytes / unit;
/** Who needs little needs no more. */
const firstSegmentBytes = 1 << 12;
const freeMax = 64;

/** Segments that are used again. */
export class FreeSegments {
  readonly #free: Memory[] = [];

  take(): Memory {
    return this.#free.pop() ?? new Memory(segmentBytes);
  }

  give(memory: Memory): void {
    if (memory.bytes.length === segmentBytes && this.#free.length < freeMax) this.#free.push(memory);
  }
}

export class Arena {
  readonly #free: FreeSegments;
  readonly #memories: Memory[] = [];
  /** How much of each is taken. */
  readonly #ends: number[] = [];

  constructor(free: FreeSegments) {
    this.#free = free;
  }

  /** The position of so many bytes that nobody has; what they hold is anything. */
  take(bytes: number): number {
    const size = rounded(bytes);
    const index = this.#room(size);
    const at = this.#ends[index]!;
    this.#ends[index] = at + size;
    return index * segmentUnits + at / unit + 1;
  }

  /** What it has taken from the system. */
  get bytes(): number {
    return this.#memories.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  memoryOf(position: number): Memory {
    return this.#memories[(position - 1) >>> 16]!;
  }

  /** What was taken next after this. @param bytes how much was taken at `position` */
  after(position: number, bytes: number): number {
    const to = offsetOf(position) + rounded(bytes);
    const index = (position - 1) >>> 16;
    return to < this.#ends[index]! ? index * segmentUnits + to / unit + 1 : (index + 1) * segmentUnits + 1;
  }

  /** Nobody asks for any of it any more. */
  release(): void {
    for (const memory of this.#memories) this.#free.give(memory);
    this.#memories.length = 0;
  }

  /** The segment that has room for so many bytes behind its end. */
  #room(size: number): number {
    const last = this.#memories.length - 1;
    const filling = this.#memories[last];
    const length = filling === undefined ? 0 : filling.bytes.length;
    if (length > 0 && this.#ends[last]! + size <= Math.min(length, segmentBytes)) return last;
    invariant((last + 2) * segmentUnits < 2 ** 31, 'S37: the rows of a namespace fit into 8 GiB');
    const wanted = Math.max(size, length === 0 ? firstSegmentBytes : Math.min(segmentBytes, length * 4));
    this.#memories.push(wanted === segmentBytes ? this.#free.take() : new Memory(wanted));
    this.#ends.push(0);
    return last + 1;
  }
}

const rounded = (size: number): number => (size + unit - 1) & -unit;

/** Where in its memory a position lies. */
export const offsetOf = (position: number): number => ((position - 1) & (segmentUnits - 1)) * unit;

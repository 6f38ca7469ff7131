import { grow, handOver } from './growth.ts';

/** Of values that lie end to end in `bytes`, only these rows. */
export function takeRanges(
  bytes: Uint8Array,
  offsets: Uint32Array,
  rows: Int32Array,
): { bytes: Uint8Array; offsets: Uint32Array } {
  const taken = takeOffsets(offsets, rows);
  const out = new Uint8Array(taken[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out.set(bytes.subarray(offsets[row]!, offsets[row + 1]!), taken[i]!);
  }
  return { bytes: out, offsets: taken };
}

/** The offsets of only these rows, from 0. */
export function takeOffsets(offsets: Uint32Array, rows: Int32Array): Uint32Array {
  const taken = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) taken[i + 1] = taken[i]! + offsets[rows[i]! + 1]! - offsets[rows[i]!]!;
  return taken;
}

/** Offsets that grow: one more end per row. */
export class OffsetsBuilder {
  length = 0;
  private ends = new Uint32Array(64);

  push(end: number): void {
    if (this.length + 1 === this.ends.length) this.ends = grow(this.ends, this.length + 2);
    this.ends[++this.length] = end;
  }
  /** Where the last row ends. */
  get end(): number {
    return this.ends[this.length]!;
  }
  truncate(length: number): void {
    this.length = length;
  }
  build(): Uint32Array {
    const { built, next } = handOver(this.ends, this.length + 1);
    this.ends = next;
    this.length = 0;
    return built;
  }
}

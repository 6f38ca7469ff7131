import { grow } from './growth.ts';

/** Null bitmaps: bit `row` is set where the row is null; no bitmap at all where no row is. */
export function isNullAt(nulls: Uint8Array | null, row: number): boolean {
  return nulls !== null && ((nulls[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** The bitmap of only these rows. */
export function takeNulls(nulls: Uint8Array | null, rows: Int32Array): Uint8Array | null {
  if (nulls === null) return null;
  const taken = new NullsBuilder();
  for (let i = 0; i < rows.length; i++) if (isNullAt(nulls, rows[i]!)) taken.set(i);
  return taken.build(rows.length);
}

/** Collects a bitmap; costs nothing until the first null. */
export class NullsBuilder {
  private bits: Uint8Array | null = null;

  set(row: number): void {
    const index = row >> 3;
    if (this.bits === null) this.bits = new Uint8Array(Math.max(16, index + 1));
    else if (index >= this.bits.length) this.bits = grow(this.bits, index + 1);
    this.bits[index]! |= 1 << (row & 7);
  }

  truncate(length: number): void {
    if (this.bits === null) return;
    const index = length >> 3;
    if (index >= this.bits.length) return;
    this.bits[index]! &= (1 << (length & 7)) - 1;
    this.bits.fill(0, index + 1);
  }

  build(length: number): Uint8Array | null {
    const { bits } = this;
    this.bits = null;
    if (bits === null || !bits.some((byte) => byte !== 0)) return null;
    const size = Math.ceil(length / 8);
    if (size <= bits.length) return bits.subarray(0, size);
    const whole = new Uint8Array(size);
    whole.set(bits);
    return whole;
  }
}

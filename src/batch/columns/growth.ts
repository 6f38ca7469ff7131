/** Typed arrays that grow, and what becomes of them when a column is built. */
type Numbers = Float64Array | Int32Array | Uint32Array | Uint8Array;

const ofLength = <A extends Numbers>(like: A, length: number): A => new (like.constructor as new (length: number) => A)(length);

/** The same values in memory for `size` at least: twice as much as before, so that growing costs little per value. */
export function grow<A extends Numbers>(values: A, size: number): A {
  const larger = ofLength(values, Math.max(size, values.length * 2));
  larger.set(values);
  return larger;
}

/** Larger memory is not kept for the next batch: one large batch should not cost for ever. */
export const keptMax: number = 1 << 16;

/**
 * Memory for a column of the first `length` values, and for the builder that goes on. Nearly full memory goes with the
 * column; of memory that is mostly empty a copy does, as small batches would allocate, and hold, far more than they need.
 */
export function handOver<A extends Numbers>(values: A, length: number): { readonly built: A; readonly next: A } {
  const copied = length * 2 < values.length;
  const built = (copied ? values.slice(0, length) : values.subarray(0, length)) as A;
  return { built, next: copied && values.length <= keptMax ? values : ofLength(values, Math.min(values.length, keptMax)) };
}

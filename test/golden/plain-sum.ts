/** Sums the plain way: doubles as integers of 2^-1074, added exactly and rounded once. */

export function exactSum(values: readonly number[]): number {
  if (values.some((value) => Number.isNaN(value))) return Number.NaN;
  const infinite = new Set(values.filter((value) => !Number.isFinite(value)));
  if (infinite.size > 1) return Number.NaN;
  for (const value of infinite) return value;
  let sum = 0n;
  for (const value of values) sum += scaled(value);
  if (sum === 0n) return 0; // as when adding to nothing: also of negative zeros
  return sum < 0n ? -rounded(-sum) : rounded(sum);
}

/** A double as an integer of 2^-1074. */
function scaled(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 === 1 ? -magnitude : magnitude;
}

/** The nearest double to an integer of 2^-1074, ties to even. */
function rounded(sum: bigint): number {
  const length = sum.toString(2).length;
  if (length <= 53) return Number(sum) * 2 ** -1074;
  const shift = BigInt(length - 53);
  const half = 1n << (shift - 1n);
  const rest = sum & ((1n << shift) - 1n);
  let kept = sum >> shift;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  return Number(kept) * 2 ** (Number(shift) - 1074);
}

/**
 * Sums of doubles without rounding, so that a sum does not depend on the order or the grouping of its parts.
 *
 * Owns: the accumulator and its arithmetic. Finite values are kept as Shewchuk's expansion, as in Python's `math.fsum`:
 * doubles that do not overlap and whose exact sum is the exact sum of all values. Values of 2^960 and more are kept apart,
 * scaled down, so that no intermediate sum overflows. Infinities and NaN are counted.
 * Invariants: ES1 `low + high · 2^128` is exactly the sum of the finite values; ES2 the result is rounded once.
 * Domain: fewer than 2^50 values.
 */
export interface ExactSum {
  /** Values that were not null. */
  count: number;
  /** Ascending in magnitude. */
  readonly low: number[];
  /** Made when it is needed: hardly any sum does. */
  high: number[];
  positiveInfinities: number;
  negativeInfinities: number;
  nans: number;
}

const highFrom = 2 ** 960;
const highScale = 2 ** 128;

/** Nobody writes to it. */
const none: number[] = [];

export function newSum(): ExactSum {
  return { count: 0, low: [], high: none, positiveInfinities: 0, negativeInfinities: 0, nans: 0 };
}

export function addValue(sum: ExactSum, value: number): void {
  sum.count++;
  if (sum.low.length === 1 && addExactly(sum.low, value)) return;
  if (value === Infinity) sum.positiveInfinities++;
  else if (value === -Infinity) sum.negativeInfinities++;
  else if (Number.isNaN(value)) sum.nans++;
  else if (Math.abs(value) >= highFrom) {
    if (sum.high === none) sum.high = [];
    grow(sum.high, value / highScale);
  } else grow(sum.low, value);
}

/** Sums of whole numbers, say, are one double all the time; false if this one is not. */
function addExactly(low: number[], value: number): boolean {
  const before = low[0]!;
  const total = before + value;
  const isExact = total - before === value && total - value === before;
  if (!isExact || total === 0 || !(Math.abs(value) < highFrom)) return false;
  low[0] = total;
  return true;
}

/** A new sum of both; neither changes. */
export function addSums(a: ExactSum, b: ExactSum): ExactSum {
  const low = a.low.slice();
  const high = a.high.slice();
  for (const partial of b.low) grow(low, partial);
  for (const partial of b.high) grow(high, partial);
  return {
    count: a.count + b.count,
    low,
    high,
    positiveInfinities: a.positiveInfinities + b.positiveInfinities,
    negativeInfinities: a.negativeInfinities + b.negativeInfinities,
    nans: a.nans + b.nans,
  };
}

export function sumOf(sum: ExactSum): number {
  return special(sum) ?? (sum.high.length === 0 ? roundOnce(sum.low) : toNumber(exact(sum), 1n));
}

/** The rounded sum over the count, as a program would; where the sum itself is beyond the doubles, the exact mean. */
export function meanOf(sum: ExactSum): number {
  const outside = special(sum);
  if (outside !== undefined) return outside;
  const total = sumOf(sum);
  return Number.isFinite(total) ? total / sum.count : toNumber(exact(sum), BigInt(sum.count));
}

function special(sum: ExactSum): number | undefined {
  if (sum.nans > 0 || (sum.positiveInfinities > 0 && sum.negativeInfinities > 0)) return NaN;
  if (sum.positiveInfinities > 0) return Infinity;
  return sum.negativeInfinities > 0 ? -Infinity : undefined;
}

/** Adds `value` to an expansion: each step replaces a pair by its rounded sum and the exact rest. */
function grow(partials: number[], value: number): void {
  let kept = 0;
  let x = value;
  for (let i = 0; i < partials.length; i++) {
    let y = partials[i]!;
    if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
    const high = x + y;
    const rest = y - (high - x);
    if (rest !== 0) partials[kept++] = rest;
    x = high;
  }
  partials.length = kept;
  if (x !== 0) partials.push(x);
}

/** An expansion as the nearest double, ties to even over the exact value. */
function roundOnce(partials: readonly number[]): number {
  let i = partials.length - 1;
  if (i < 0) return 0;
  let high = partials[i]!;
  let rest = 0;
  while (i > 0 && rest === 0) {
    const x = high;
    const y = partials[--i]!;
    high = x + y;
    rest = y - (high - x);
  }
  // Half way between two doubles: what lies below decides.
  if (i > 0 && ((rest < 0 && partials[i - 1]! < 0) || (rest > 0 && partials[i - 1]! > 0))) {
    const y = rest * 2;
    const x = high + y;
    if (y === x - high) high = x;
  }
  return high;
}

/** The exact sum in units of 2^-1074. */
function exact(sum: ExactSum): bigint {
  let total = 0n;
  for (const partial of sum.low) total += unitsOf(partial);
  for (const partial of sum.high) total += unitsOf(partial) << 128n;
  return total;
}

function unitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** `units · 2^-1074 / divisor`, as the nearest double, ties to even. */
function toNumber(units: bigint, divisor: bigint): number {
  const magnitude = units < 0n ? -units : units;
  const cut = Math.max(bitLength(magnitude / divisor) - 53, 0);
  const value = scale(Number(divideRounding(magnitude, divisor << BigInt(cut))), cut - 1074);
  return units < 0n ? -value : value;
}

function divideRounding(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twiceRest = (dividend - quotient * divisor) * 2n;
  const up = twiceRest > divisor || (twiceRest === divisor && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

/** `value · 2^exponent`, in steps that are powers of two themselves. */
function scale(value: number, exponent: number): number {
  const step = Math.max(Math.min(exponent, 1000), -1000);
  return value * 2 ** step * 2 ** (exponent - step);
}

const bitLength = (value: bigint): number => value.toString(2).length;

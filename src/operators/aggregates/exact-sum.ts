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
  /** The sum, as long as one double holds it exactly; 0 once there is a rest. */
  whole: number;
  /** Made when it is needed: sums of whole numbers, say, never do. */
  rest: Rest | null;
}
export interface Rest {
  /** Ascending in magnitude. */
  readonly low: number[];
  readonly high: number[];
  positiveInfinities: number;
  negativeInfinities: number;
  nans: number;
}

const noRest = { positiveInfinities: 0, negativeInfinities: 0, nans: 0 };
const highFrom = 2 ** 960;
const highScale = 2 ** 128;

export function newSum(): ExactSum {
  return { count: 0, whole: 0, rest: null };
}

export function addValue(sum: ExactSum, value: number): void {
  sum.count++;
  addPart(sum, value);
}

/** Takes out a value that was added: the sum is then exactly that of the others. */
export function takeValue(sum: ExactSum, value: number): void {
  sum.count--;
  if (Number.isFinite(value)) return addPart(sum, -value);
  const rest = restOf(sum);
  if (value === Infinity) rest.positiveInfinities--;
  else if (value === -Infinity) rest.negativeInfinities--;
  else rest.nans--;
}

/** Whether such a value may be among those that were added: of finite ones only their number is known. */
export function mayHold({ count, rest }: ExactSum, value: number): boolean {
  if (count === 0) return false;
  if (Number.isFinite(value)) return true;
  const { positiveInfinities, negativeInfinities, nans } = rest ?? noRest;
  return (value === Infinity ? positiveInfinities : value === -Infinity ? negativeInfinities : nans) > 0;
}

/** A part of the sum that is no value of its own. */
export function addPart(sum: ExactSum, value: number): void {
  if (sum.rest === null) {
    const before = sum.whole;
    const total = before + value;
    if (total - before === value && total - value === before && Math.abs(value) < highFrom) {
      sum.whole = total;
      return;
    }
  }
  addToRest(restOf(sum), value);
}

function restOf(sum: ExactSum): Rest {
  if (sum.rest === null) {
    sum.rest = copyOfRest(sum);
    sum.whole = 0;
  }
  return sum.rest;
}

/** The parts of a sum, however it is kept. */
export function copyOfRest({ whole, rest }: ExactSum): Rest {
  if (rest !== null) return { ...rest, low: rest.low.slice(), high: rest.high.slice() };
  return { low: whole === 0 ? [] : [whole], high: [], positiveInfinities: 0, negativeInfinities: 0, nans: 0 };
}

function addToRest(rest: Rest, value: number): void {
  if (value === Infinity) rest.positiveInfinities++;
  else if (value === -Infinity) rest.negativeInfinities++;
  else if (Number.isNaN(value)) rest.nans++;
  else if (Math.abs(value) >= highFrom) grow(rest.high, value / highScale);
  else grow(rest.low, value);
}

/** The sum of these parts. */
export function sumOfParts(count: number, parts: Rest): ExactSum {
  const { low, high, positiveInfinities, negativeInfinities, nans } = parts;
  const isWhole = low.length <= 1 && high.length === 0 && positiveInfinities + negativeInfinities + nans === 0;
  return isWhole ? { count, whole: low[0] ?? 0, rest: null } : { count, whole: 0, rest: parts };
}

/** A new sum of both; neither changes. */
export function addSums(a: ExactSum, b: ExactSum): ExactSum {
  const parts = copyOfRest(a);
  const more = copyOfRest(b);
  for (const partial of more.low) grow(parts.low, partial);
  for (const partial of more.high) grow(parts.high, partial);
  parts.positiveInfinities += more.positiveInfinities;
  parts.negativeInfinities += more.negativeInfinities;
  parts.nans += more.nans;
  return sumOfParts(a.count + b.count, parts);
}

export function sumOf({ whole, rest }: ExactSum): number {
  if (rest === null) return whole;
  return special(rest) ?? (rest.high.length === 0 ? roundOnce(rest.low) : toNumber(exact(rest), 1n));
}

/** The rounded sum over the count, as a program would; where the sum itself is beyond the doubles, the exact mean. */
export function meanOf(sum: ExactSum): number {
  const total = sumOf(sum);
  if (Number.isFinite(total) || sum.rest === null) return total / sum.count;
  return special(sum.rest) ?? toNumber(exact(sum.rest), BigInt(sum.count));
}

function special(rest: Rest): number | undefined {
  if (rest.nans > 0 || (rest.positiveInfinities > 0 && rest.negativeInfinities > 0)) return NaN;
  if (rest.positiveInfinities > 0) return Infinity;
  return rest.negativeInfinities > 0 ? -Infinity : undefined;
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
function exact(sum: Rest): bigint {
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

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addSums, addValue, type ExactSum, meanOf, newSum, sumOf } from '../../src/operators/aggregates/exact-sum.ts';

function sumUp(values: readonly number[]): ExactSum {
  const sum = newSum();
  for (const value of values) addValue(sum, value);
  return sum;
}

/** Exact rationals over 2^1074, and the nearest double found by comparing neighbours. */
function units(value: number): bigint {
  if (value === 0) return 0n;
  let exponent = 0;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent++;
  }
  return BigInt(scaled) << BigInt(1074 - exponent);
}
const buffer = new DataView(new ArrayBuffer(8));
function nextUp(value: number): number {
  buffer.setFloat64(0, value);
  buffer.setBigUint64(0, buffer.getBigUint64(0) + 1n);
  return buffer.getFloat64(0);
}
/** The nearest double of numerator / denominator (units of 2^-1074), by bisection over all positive doubles. */
function nearest(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -nearest(-numerator, denominator);
  let low = 0n;
  let high = 0x7fefffffffffffffn;
  const at = (bits: bigint): number => {
    buffer.setBigUint64(0, bits);
    return buffer.getFloat64(0);
  };
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (units(at(middle)) * denominator <= numerator) low = middle;
    else high = middle - 1n;
  }
  const below = at(low);
  const above = nextUp(below);
  const aboveUnits = above === Infinity ? 1n << 2098n : units(above);
  const toBelow = numerator - units(below) * denominator;
  const toAbove = aboveUnits * denominator - numerator;
  if (toBelow === toAbove) return low % 2n === 0n ? below : above;
  return toBelow < toAbove ? below : above;
}

const anyFinite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, min: -1000, max: 1000 }),
  fc.integer().map((n) => n / 10),
  fc.constantFrom(1e308, -1e308, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, -5e-324, 2 ** 53, 1, -1, 2 ** -53, 2 ** 970, -0),
);

describe('an exact sum', () => {
  test('ES1 ES2: is the exact sum of its values, rounded once, whatever cancels or overflows on the way', () => {
    fc.assert(
      fc.property(fc.array(anyFinite, { maxLength: 30 }), (values) => {
        const exact = values.reduce((sum, value) => sum + units(value), 0n);
        expect(sumOf(sumUp(values)) + 0).toBe(nearest(exact, 1n) + 0);
      }),
      { numRuns: 200 },
    );
  });

  test('a mean is the rounded sum over the count, and exact where the sum overflows', () => {
    fc.assert(
      fc.property(fc.array(anyFinite, { minLength: 1, maxLength: 12 }), (values) => {
        const sum = sumUp([...values, 2 ** 1000]);
        const exact = [...values, 2 ** 1000].reduce((total, value) => total + units(value), 0n);
        const total = nearest(exact, 1n);
        const mean = Number.isFinite(total) ? total / sum.count : nearest(exact, BigInt(sum.count));
        expect(meanOf(sum) + 0).toBe(mean + 0);
      }),
      { numRuns: 100 },
    );
    expect(meanOf(sumUp([1e308, 1e308]))).toBe(1e308);
  });

  test('does not depend on order, nor on how it was split and merged', () => {
    const withSpecials = fc.oneof(
      { weight: 12, arbitrary: anyFinite },
      { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, NaN) },
    );
    const shuffled = fc
      .array(withSpecials, { maxLength: 25 })
      .chain((values) =>
        fc.tuple(
          fc.constant(values),
          fc.shuffledSubarray(values, { minLength: values.length, maxLength: values.length }),
          fc.array(fc.nat(values.length), { maxLength: 4 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([values, others, cuts]) => {
        const whole = sumUp(values);
        const bounds = [0, ...cuts.sort((a, b) => a - b), others.length];
        const merged = bounds
          .slice(1)
          .map((to, i) => sumUp(others.slice(bounds[i], to)))
          .reduceRight((a, b) => addSums(b, a), newSum());
        expect(sumOf(merged)).toBe(sumOf(whole));
        expect(meanOf(merged)).toEqual(meanOf(whole));
        expect(merged.count).toBe(values.length);
      }),
      { numRuns: 200 },
    );
  });

  test('infinities and NaN are counted: opposite infinities give NaN in any order', () => {
    expect(sumOf(sumUp([Infinity, 1, -Infinity]))).toBeNaN();
    expect(sumOf(sumUp([1, Infinity]))).toBe(Infinity);
    expect(sumOf(sumUp([-Infinity, 1e308, 1e308]))).toBe(-Infinity);
    expect(sumOf(sumUp([NaN, 1]))).toBeNaN();
    expect(sumOf(sumUp([Number.MAX_VALUE, Number.MAX_VALUE]))).toBe(Infinity);
    expect(sumOf(sumUp([0.1, 0.2, 0.3, -0.6]))).toBe(2 ** -55);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMs, formatMs } from '../../src/core/index.ts';

describe('a duration', () => {
  test.each([
    ['0 ms', 0],
    ['500 ms', 500],
    ['1 second', 1000],
    ['1.5 seconds', 1500],
    ['0.001 second', 1],
    ['10 minutes', 600_000],
    ['2 hours', 7_200_000],
    ['1 day', 86_400_000],
    ['  3   days ', 259_200_000],
    ['-1 second', -1000],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text, 'a delay')).toBe(ms);
  });

  test.each(['10', '', 'ten minutes', '10 weeks', '10minutes', '1e3 ms', 'NaN ms', '1 constructor', '1 Day'])(
    'is not %j, and the hint shows how',
    (text) => {
      expect(() => durationMs(text, 'the delay of withWatermark()')).toThrow(
        expect.objectContaining({
          code: 'E_PLAN',
          message: `the delay of withWatermark(): '${text}' is not a duration`,
          hint: expect.stringContaining('10 minutes'),
        }),
      );
    },
  );

  test('is whole milliseconds that a number can hold', () => {
    for (const text of ['0.5 ms', '0.0001 seconds', '999999999999 days']) {
      expect(() => durationMs(text, 'x')).toThrow(
        expect.objectContaining({ code: 'E_PLAN', message: expect.stringContaining('whole number of milliseconds') }),
      );
    }
  });

  test('of so many thousandths of a second is exact, whatever the binary fraction', () => {
    expect(durationMs('1.005 seconds', 'x')).toBe(1005);
    for (let ms = 1; ms < 5000; ms++) expect(durationMs(`${ms / 1000} seconds`, 'x')).toBe(ms);
  });

  test.each([
    [0, '0 ms'],
    [1, '1 ms'],
    [1500, '1500 ms'],
    [1000, '1 second'],
    [90_000, '90 seconds'],
    [3_600_000, '1 hour'],
    [7 * 86_400_000, '7 days'],
  ])('of %d ms is written %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  test('that was written is read as the same length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000),
        (count, unit) => {
          expect(durationMs(formatMs(count * unit), 'x')).toBe(count * unit);
        },
      ),
      { numRuns: 100 },
    );
  });
});

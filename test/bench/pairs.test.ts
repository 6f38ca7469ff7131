import { expect, test } from 'vitest';
import { at } from '../../bench/pairs.mjs';

test('a share of values lies below the one that is found, in whatever order they come', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
  expect([0, 0.5, 0.99, 0.999, 1].map((share) => at(values, share))).toEqual([0, 500, 990, 999, 999]);
  expect(at([3], 0.5)).toBe(3);
  expect(at([], 0.5)).toBeNaN();
});

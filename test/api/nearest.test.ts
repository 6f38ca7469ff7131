import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest } from '../../src/service/nearest.ts';

test('a word is near to what differs by two letters, or a third of them, and the nearest wins', () => {
  expect(nearest('rat', ['output', 'rate', 'late'])).toBe('rate');
  expect(nearest('OUTPTU', ['rate', 'output'])).toBe('output');
  expect(nearest('x', ['rate', 'output'])).toBeUndefined();
  expect(nearest('anything', [])).toBeUndefined();
});

test('a word is nearest to itself', () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 5 }), (own, others) => {
      expect(nearest(own, [...others, own])).toBe(own);
    }),
    { numRuns: 100 },
  );
});

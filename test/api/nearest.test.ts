import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestName } from '../../src/api/nearest.ts';

test('a word is near to what differs by two letters, or a third of them, and the nearest wins', () => {
  expect(nearestName('rat', ['output', 'rate', 'late'])).toBe('rate');
  expect(nearestName('OUTPTU', ['rate', 'output'])).toBe('output');
  expect(nearestName('x', ['rate', 'output'])).toBeUndefined();
  expect(nearestName('anything', [])).toBeUndefined();
});

test('a word is nearest to itself', () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 5 }), (own, others) => {
      expect(nearestName(own, [...others, own])).toBe(own);
    }),
    { numRuns: 100 },
  );
});

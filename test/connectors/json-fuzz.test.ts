import { expect, test } from 'vitest';
import { fuzz } from './json-fuzz/fuzz.ts';

test('FS1, FS2: readers and oracle agree on random inputs, whichever columns are wanted', () => {
  const report = fuzz(1, (inputs) => inputs >= 200);
  expect(report.mismatch).toBeNull();
  expect(report.taken / report.records).toBeGreaterThan(1); // of 3: the readers were not idle
});

import { describe, expect, test } from 'vitest';
import { breaks, broken } from './json-fuzz/broken.ts';
import { fuzz, tried } from './json-fuzz/fuzz.ts';

describe('random inputs', () => {
  test('FS1, FS2: readers and oracle agree on them, whichever columns are wanted', () => {
    const report = fuzz(1, (inputs) => inputs >= 90);
    expect(report.mismatch).toBeNull();
    expect(report.taken / report.records).toBeGreaterThan(1); // of 3: the readers were not idle
  });

  test.each(breaks)('find a reader that is wrong: %s', (name) => {
    const { mismatch } = fuzz(1, (inputs) => inputs >= 2000, broken(name));
    expect(mismatch).not.toBeNull();
    expect(tried(mismatch!.replay, broken(name)).mismatch).toEqual(mismatch);
    expect(tried(mismatch!.replay).mismatch).toBeNull();
  });
});

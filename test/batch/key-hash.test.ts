import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey, keyGroupOf, keyHashVersion, keyOfOne } from '../../src/batch/index.ts';

describe('the hash of a key', () => {
  test('is MurmurHash3 x86 32 with seed 0, by its public vectors', () => {
    const text: readonly (readonly [string, number])[] = [
      ['', 0],
      ['test', 0xba6bd213],
      ['Hello, world!', 0xc0363e43],
      ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
    ];
    for (const [key, hash] of text) expect([key, hashKey(key)]).toEqual([key, hash]);
    const hex: readonly (readonly [string, number])[] = [
      ['ffffffff', 0x76293b50],
      ['21436587', 0xf55b516b],
      ['214365', 0x7e4a8634],
      ['2143', 0xa0f7b07a],
      ['21', 0x72661cf4],
      ['00000000', 0x2362f9de],
      ['000000', 0x85f0b427],
      ['0000', 0x30f4c306],
      ['00', 0x514e28b7],
    ];
    for (const [bytes, hash] of hex)
      expect([bytes, hashKey(Buffer.from(bytes, 'hex').toString('latin1'))]).toEqual([bytes, hash]);
  });

  test('is version 1: with another, checkpoints cannot be read', () => {
    expect(keyHashVersion).toBe(1);
  });

  test('is an unsigned 32-bit integer', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hash = hashKey(keyOfOne(text));
        expect(hash >>> 0).toBe(hash);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the key group of a hash', () => {
  test('comes from the high bits and is within the groups', () => {
    expect([0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map((hash) => keyGroupOf(hash, 2))).toEqual([0, 0, 1, 1]);
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 32768 }), (hash, groups) => {
        const group = keyGroupOf(hash, groups);
        expect(Number.isInteger(group) && group >= 0 && group < groups).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('spreads keys that are numbers, and keys that are names, evenly', () => {
    for (const make of [(i: number) => i, (i: number) => `user-${i}`, (i: number) => [i, 'x']]) {
      const counts = new Array<number>(128).fill(0);
      for (let i = 0; i < 12_800; i++) counts[keyGroupOf(hashKey(keyOfOne(make(i))), 128)]!++;
      // 100 expected in each: 40 are six standard deviations.
      expect(Math.min(...counts)).toBeGreaterThan(50);
      expect(Math.max(...counts)).toBeLessThan(160);
    }
  });
});

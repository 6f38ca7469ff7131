import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WatermarkMerge } from '../../src/progress/index.ts';

type Fact = { readonly input: number } & ({ readonly watermark: number } | { readonly idle: boolean });

const facts = (inputs: number): fc.Arbitrary<Fact[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        input: fc.nat(inputs - 1),
        watermark: fc.oneof(fc.integer({ min: -5, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)),
      }),
      fc.record({ input: fc.nat(inputs - 1), idle: fc.boolean() }),
    ),
    { maxLength: 40 },
  );
const worlds = fc.integer({ min: 1, max: 4 }).chain((inputs) => fc.record({ inputs: fc.constant(inputs), facts: facts(inputs) }));

const apply = (merge: WatermarkMerge, fact: Fact): number | undefined =>
  'watermark' in fact ? merge.advance(fact.input, fact.watermark) : merge.setIdle(fact.input, fact.idle);

describe('the merged watermark', () => {
  test('W4: is held back by a timeless input at the end of time only', () => {
    const merge = new WatermarkMerge(3, [2]);
    expect([merge.advance(0, 10), merge.advance(1, 7), merge.ifAdvanced(1, 9), merge.ifAdvanced(2, 100)]).toEqual([
      undefined,
      7,
      9,
      7,
    ]);
    expect([merge.advance(0, Infinity), merge.advance(1, Infinity), merge.merged]).toEqual([undefined, undefined, 7]);
    expect(merge.advance(2, Infinity)).toBe(Infinity);
  });

  test('is the least of all inputs, once each has spoken', () => {
    const merge = new WatermarkMerge(2);
    expect([merge.merged, merge.advance(0, 10), merge.advance(1, 7), merge.advance(0, 12), merge.advance(1, 20)]).toEqual([
      Number.NEGATIVE_INFINITY,
      undefined,
      7,
      undefined,
      12,
    ]);
  });

  test('W1: never falls, and what is returned is every rise', () => {
    fc.assert(
      fc.property(worlds, ({ inputs, facts }) => {
        const merge = new WatermarkMerge(inputs);
        for (const fact of facts) {
          const before = merge.merged;
          const rise = apply(merge, fact);
          expect(merge.merged).toBe(rise ?? before);
          if (rise !== undefined) expect(rise).toBeGreaterThan(before);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('W2: an idle input does not hold it back', () => {
    const merge = new WatermarkMerge(3);
    merge.advance(0, 10);
    merge.advance(1, 20);
    expect(merge.setIdle(2, true)).toBe(10);
    expect(merge.setIdle(0, true)).toBe(20);
    // An input that wakes up holds back what is to come, but takes nothing back (W1).
    expect(merge.setIdle(2, false)).toBeUndefined();
    expect(merge.advance(1, 30)).toBeUndefined();
    expect(merge.advance(2, 25)).toBe(25);
  });

  test('W2: is the least of the inputs that are not idle, unless it was higher before', () => {
    fc.assert(
      fc.property(worlds, ({ inputs, facts }) => {
        const merge = new WatermarkMerge(inputs);
        const watermarks = Array<number>(inputs).fill(Number.NEGATIVE_INFINITY);
        const idle = Array<boolean>(inputs).fill(false);
        let expected = Number.NEGATIVE_INFINITY;
        for (const fact of facts) {
          apply(merge, fact);
          if ('watermark' in fact) watermarks[fact.input] = Math.max(watermarks[fact.input]!, fact.watermark);
          else idle[fact.input] = fact.idle;
          const active = watermarks.filter((_, input) => !idle[input]);
          const least = Math.min(...active);
          const isIdle = active.length < watermarks.length && least === Number.POSITIVE_INFINITY;
          if (!isIdle) expected = Math.max(expected, least);
          expect(merge.merged).toBe(expected);
          expect(merge.allIdle).toBe(isIdle);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('W3: stays when all inputs are idle', () => {
    const merge = new WatermarkMerge(2);
    merge.advance(0, 5);
    merge.advance(1, 8);
    expect([merge.setIdle(0, true), merge.setIdle(1, true), merge.merged, merge.allIdle]).toEqual([8, undefined, 8, true]);
    expect([merge.advance(0, 99), merge.merged]).toEqual([undefined, 8]);
  });

  test('W3: stays while some are idle and the others have ended, and is idle itself', () => {
    const merge = new WatermarkMerge(2);
    merge.advance(0, 5);
    merge.advance(1, 8);
    merge.setIdle(0, true);
    expect([merge.advance(1, Number.POSITIVE_INFINITY), merge.merged, merge.allIdle]).toEqual([undefined, 8, true]);
    // The one that was idle comes back, and holds it back until it has ended too.
    expect([merge.setIdle(0, false), merge.advance(0, 20), merge.allIdle]).toEqual([undefined, 20, false]);
    expect(merge.advance(0, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  test('W3: rises to what an input reached while it was idle, when it wakes up alone', () => {
    const merge = new WatermarkMerge(2);
    merge.setIdle(0, true);
    merge.setIdle(1, true);
    merge.advance(0, 99);
    expect(merge.setIdle(0, false)).toBe(99);
  });

  test('T9: goes on from a restored floor', () => {
    const merge = new WatermarkMerge(1);
    merge.restore(50);
    merge.restore(40);
    expect([merge.merged, merge.advance(0, 50), merge.advance(0, 51)]).toEqual([50, undefined, 51]);
  });
});

describe('what the merge would be once an input has advanced (T6)', () => {
  test('is bound by the other inputs, and changes nothing', () => {
    const merge = new WatermarkMerge(3);
    merge.advance(0, 10);
    merge.advance(1, 20);
    merge.advance(2, 30);
    expect([merge.ifAdvanced(0, 15), merge.ifAdvanced(0, 25), merge.ifAdvanced(0, 3), merge.ifAdvanced(1, 99)]).toEqual([
      15, 20, 10, 10,
    ]);
    merge.setIdle(1, true);
    expect([merge.ifAdvanced(0, 25), merge.ifAdvanced(0, 99), merge.merged]).toEqual([25, 30, 10]);
  });

  test('is what advancing it gives, for an input that is not idle', () => {
    fc.assert(
      fc.property(worlds, fc.nat(3), fc.integer({ min: -5, max: 25 }), ({ inputs, facts }, which, watermark) => {
        const merge = new WatermarkMerge(inputs);
        for (const fact of facts) apply(merge, fact);
        const input = which % inputs;
        merge.setIdle(input, false);
        const before = merge.merged;
        const foreseen = merge.ifAdvanced(input, watermark);
        expect(merge.merged).toBe(before);
        merge.advance(input, watermark);
        expect(foreseen).toBe(merge.merged);
      }),
      { numRuns: 200 },
    );
  });
});

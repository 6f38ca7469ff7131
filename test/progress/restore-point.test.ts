import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseRestorePoint } from '../../src/progress/index.ts';

const pointer = (epoch: number, finished = false) => ({ epoch, generation: 4, finished });
const sink = (epoch: number, generation = 1) => ({ who: 'the sink', epoch, generation });

describe('the restore point', () => {
  test.each([
    [
      'without a pointer the job begins',
      { pointer: null, opened: 0, seen: [] },
      { kind: 'fresh', nextGeneration: 1, highestEpoch: 0 },
    ],
    [
      'is what the pointer names',
      { pointer: pointer(7), opened: 0, seen: [] },
      { kind: 'restore', epoch: 7, nextGeneration: 5, highestEpoch: 7 },
    ],
    [
      'of a finished job is its end',
      { pointer: pointer(7, true), opened: 7, seen: [] },
      { kind: 'finished', epoch: 7, nextGeneration: 5, highestEpoch: 7 },
    ],
    [
      'may be one that others have not heard of yet',
      { pointer: pointer(7), opened: 0, seen: [sink(6)] },
      { kind: 'restore', epoch: 7, nextGeneration: 5, highestEpoch: 7 },
    ],
    [
      'comes with a generation and an epoch above every one seen',
      { pointer: pointer(7), opened: 23, seen: [sink(7, 9)] },
      { kind: 'restore', epoch: 7, nextGeneration: 10, highestEpoch: 23 },
    ],
  ] as const)('%s', (_, facts, decision) => {
    expect(chooseRestorePoint(facts)).toEqual(decision);
  });

  test('P2: is refused when anybody saw a later checkpoint complete', () => {
    expect(chooseRestorePoint({ pointer: pointer(7), opened: 7, seen: [sink(3), sink(8)] })).toEqual({
      kind: 'refuse',
      reason: expect.stringContaining('the sink knows checkpoint 8, but the commit pointer says 7'),
    });
    expect(chooseRestorePoint({ pointer: null, opened: 0, seen: [sink(1)] })).toEqual({
      kind: 'refuse',
      reason: expect.stringContaining('the commit pointer is missing'),
    });
  });

  test('P1, P2, P3: whatever was seen, only the pointer is restored, nothing older than what was seen, and numbers rise', () => {
    const known = fc.record({
      epoch: fc.integer({ min: 1, max: 10 }),
      generation: fc.integer({ min: 1, max: 10 }),
      finished: fc.boolean(),
    });
    const seen = fc.array(fc.record({ who: fc.constant('x'), epoch: fc.nat(10), generation: fc.nat(10) }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.option(known), fc.nat(30), seen, (pointer, opened, seen) => {
        const decision = chooseRestorePoint({ pointer, opened, seen });
        const latest = Math.max(0, ...seen.map(({ epoch }) => epoch));
        expect(decision.kind === 'refuse').toBe(latest > (pointer?.epoch ?? 0));
        if (decision.kind === 'refuse') return;
        if ('epoch' in decision) expect(decision.epoch).toBe(pointer?.epoch);
        expect(decision.highestEpoch).toBeGreaterThanOrEqual(Math.max(latest, opened));
        expect(decision.nextGeneration).toBeGreaterThan(
          Math.max(pointer?.generation ?? 0, ...seen.map(({ generation }) => generation)),
        );
      }),
      { numRuns: 200 },
    );
  });
});

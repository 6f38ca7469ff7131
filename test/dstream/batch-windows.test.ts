import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Duration } from '../../src/core/index.ts';
import { batchesOf, TestProgram } from './dstream-run.ts';

type Pair = readonly [string, number];
type Batches = readonly (readonly Pair[])[];
const add = (a: number, b: number): number => a + b;
const seconds = (n: number): Duration => `${n} seconds`;

const pairs: fc.Arbitrary<Batches> = fc.array(
  fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 9 })), { maxLength: 5 }),
  { minLength: 1, maxLength: 8 },
);
/** In batches. */
const windows = fc.record({ length: fc.integer({ min: 1, max: 4 }), slide: fc.integer({ min: 1, max: 3 }) });
const crashes = fc.constantFrom(0, 0, 1, 2, 3);

/** The batches that a window has after each batch, or nothing where it does not slide. */
function plainWindows<T>(batches: readonly (readonly T[])[], { length, slide }: { length: number; slide: number }): T[][] {
  return batches.map((_, i) => ((i + 1) % slide === 0 ? batches.slice(Math.max(0, i + 1 - length), i + 1).flat() : []));
}
function plainSums(batch: readonly Pair[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, value] of batch) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}
const sorted = <T>(batches: readonly (readonly T[])[]): string[][] =>
  batches.map((batch) => batch.map((value) => JSON.stringify(value)).sort());

describe('windows', () => {
  test('hold the last batches, one each slide, whenever it crashes', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, windows, crashes, async (batches, { length, slide }, crashEvery) => {
        const stream = new TestProgram().queue(...batches).window(seconds(length), seconds(slide));
        expect(await batchesOf(stream, batches.length, { crashEvery })).toEqual(plainWindows(batches, { length, slide }));
      }),
      { numRuns: 40 },
    );
  });

  test('reduced by key are the same with an inverse and without, whenever it crashes', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, windows, crashes, fc.boolean(), async (batches, { length, slide }, crashEvery, inverse) => {
        const queue = new TestProgram().queue(...batches);
        const more = inverse ? ([(a: number, b: number) => a - b] as const) : [];
        const reduced = queue.reduceByKeyAndWindow(add, seconds(length), seconds(slide), ...more);
        const expected = plainWindows(batches, { length, slide }).map((batch) => [...plainSums(batch)]);
        expect(sorted(await batchesOf(reduced, batches.length, { crashEvery }))).toEqual(sorted(expected));
      }),
      { numRuns: 60 },
    );
  });

  test('with an inverse combine each value once, and take it out once', async () => {
    let calls = 0;
    const counted = (a: number, b: number): number => (calls++, a + b);
    const ones = Array.from({ length: 40 }, (): Pair[] => [['a', 1]]);
    const run = (inverse?: (a: number, b: number) => number): Promise<unknown> =>
      batchesOf(new TestProgram().queue(...ones).reduceByKeyAndWindow(counted, '30 seconds', '1 second', inverse), 40);
    await run((a, b) => a - b);
    expect(calls).toBe(39);
    calls = 0;
    await run();
    expect(calls).toBeGreaterThan(600);
  });

  test('without a slide of their own slide as their stream does', async () => {
    const windowed = new TestProgram().queue([1], [2], [3], [4], [5], [6]).window('2 seconds', '2 seconds');
    expect(await batchesOf(windowed.window('4 seconds'), 6)).toEqual([[], [1, 2], [], [1, 2, 3, 4], [], [3, 4, 5, 6]]);
  });

  test('what is derived of them has a batch each slide', async () => {
    const program = new TestProgram();
    const words = program.queue(['a'], ['b'], [], []);
    const totals = words
      .window('1 second', '2 seconds')
      .map((word) => [word, 1])
      .updateStateByKey((ones, state: number | undefined) => (state ?? 0) + 10 + ones.length);
    expect(await batchesOf(totals, 4)).toEqual([[], [['b', 11]], [], [['b', 21]]]);
    const seen: unknown[] = [];
    words.window('2 seconds', '2 seconds').foreachRDD((batch) => void seen.push(batch));
    await using run = await program.run();
    for (let i = 0; i < 4; i++) await run.checkpoint();
    expect(seen).toEqual([['a', 'b'], []]);
  });
});

// The two examples' pipelines: straight = checkpointed = killed and restored = restored at another parallelism.
import { describe, expect, test } from 'vitest';
import { countsByHand, delaysByHand, flightDelays, wordCount } from './golden-jobs.ts';
import { shown } from './plain.ts';
import { lived, never, straight, type Way } from './ways.ts';
import type { World } from './world.ts';

const atOne: readonly Way[] = [
  { name: 'checkpointed', checkpointEveryMs: 10, crashes: 0, parallelisms: [1] },
  { name: 'killed and restored', checkpointEveryMs: 10, crashes: 6, parallelisms: [1] },
  { name: 'killed and restored on slow stores', checkpointEveryMs: 10, crashes: 6, parallelisms: [1], rough: true },
];
const rescaled: readonly Way[] = [
  { name: 'straight at parallelism 4', checkpointEveryMs: never, crashes: 0, parallelisms: [4] },
  { name: 'checkpointed at parallelism 3', checkpointEveryMs: 10, crashes: 0, parallelisms: [3] },
  { name: 'restored at another parallelism', checkpointEveryMs: 10, crashes: 6, parallelisms: [1, 4, 2, 3, 1] },
  { name: 'restored at another on slow stores', checkpointEveryMs: 10, crashes: 6, parallelisms: [4, 1, 3], rough: true },
];

describe('delays per origin and day', () => {
  const written = (world: World): { results: string[]; late: string[] } => ({
    results: world.rows('results').map(shown),
    late: world.rows('late').map(shown),
  });
  const plain = delaysByHand();

  test('straight, are those of a plain computation, in its order', async () => {
    expect(plain.late.length).toBeGreaterThan(10);
    expect(written((await lived(straight, flightDelays, 1)).world)).toEqual(plain);
  });

  test.each(atOne)('$name, are the same, in the same order', async (way) => {
    for (const seed of [1, 2, 3]) {
      const { world, report } = await lived(way, flightDelays, seed);
      expect(written(world)).toEqual(plain);
      if (way.crashes > 0) expect(report.restores).toBeGreaterThan(0);
    }
  });

  test.each(rescaled)('$name, are the same, in some order', async (way) => {
    for (const seed of [4, 5, 6]) {
      const { results, late } = written((await lived(way, flightDelays, seed)).world);
      expect({ results: results.sort(), late: late.sort() }).toEqual({
        results: plain.results.toSorted(),
        late: plain.late.toSorted(),
      });
    }
  });
});

describe('words, counted', () => {
  interface Count {
    readonly word: string;
    readonly count: number;
  }
  const plain = countsByHand();

  test.each([straight, ...atOne, ...rescaled])('$name, end as those of a plain computation, and only rise', async (way) => {
    for (const seed of [1, 2, 3]) {
      const { world } = await lived(way, wordCount, seed);
      const counts = new Map<string, number>();
      for (const { word, count: n } of world.rows<Count>('counts')) {
        expect(n).toBeGreaterThan(counts.get(word) ?? 0);
        counts.set(word, n);
      }
      expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(plain));
      if (way !== straight && way.checkpointEveryMs !== never) expect(world.epochs('counts').length).toBeGreaterThan(2);
    }
  });
});

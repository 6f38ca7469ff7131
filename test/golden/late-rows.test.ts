// Which rows count follows from the splits' contents alone.
import { describe, expect, test } from 'vitest';
import { count, sum, window } from '../../src/api/index.ts';
import { seededRandom } from '../../src/core/index.ts';
import type { Timed } from './experiment.ts';
import { live, output } from './life.ts';
import { rowFields } from './live-out.ts';
import { lateOf, type Row, shown, type Stamped, stamped, windowed } from './plain.ts';
import { splitSource } from './split-source.ts';
import { World } from './world.ts';

const delay = 5;
const shape = { size: 40, slide: 20, offset: 5 };
const interleavings = 24;

/** Three splits that come forward at different speeds, each with rows far behind. */
function input(): Row[][] {
  const random = seededRandom(26);
  const names = ['a', 'b', 'c', null];
  return [3, 5, 11].map((stride, split) => {
    let now = -100 * split;
    return Array.from({ length: 30 }, (_, i) => {
      now += Math.floor(random.next() * stride);
      const behind = random.next() < 0.35 ? Math.floor(random.next() * 150) : 0;
      return { k: names[Math.floor(random.next() * 4)]!, v: i, s: `${split}`, at: now - behind };
    });
  });
}

const splits = input();
const rows: readonly Stamped[] = stamped(splits, delay);
const sorted = (of: readonly object[]): string[] => of.map(shown).sort();
const ofRow = ({ k, v, s, at }: Row): Row => ({ k, v, s, at });
const lateRows = sorted(lateOf(rows, shape).map(({ row }) => row));
const results = sorted(windowed(rows, shape).map(({ window: of, k, n, total }) => ({ window: of, k: k ?? null, n, total })));

async function lived(seed: number, parallelism: number, crashes: number): Promise<{ late: string[]; results: string[] }> {
  const random = seededRandom(seed);
  const world = new World();
  const stream = splitSource({ name: 'input', schema: rowFields, splits, random }).withWatermark(
    'at' as never,
    `${delay} ms`,
  ) as unknown as Timed;
  const key = window('at', `${shape.size} ms`, { slide: `${shape.slide} ms`, offset: `${shape.offset} ms` });
  const windows = stream.groupBy(key, 'k').agg({ n: count(), total: sum('v') });
  await live({
    outputs: [output(windows, world.sink('results')), output(windows.late(), world.sink('late'))],
    world,
    random,
    crashes,
    parallelisms: [parallelism],
  });
  return { late: sorted(world.rows<Row>('late').map(ofRow)), results: sorted(world.rows('results')) };
}

describe('T3: which rows are late', () => {
  test('is a good part of them, and not all', () => {
    expect(lateRows.length).toBeGreaterThan(10);
    expect(lateRows.length).toBeLessThan(rows.length / 2);
  });

  // Seeds differ between parallelisms, too: an interleaving is a way of reading, and of turns.
  test.each([1, 2, 3, 4])(
    `depends neither on the interleaving nor on crashes, at parallelism %i (${interleavings} of each)`,
    { timeout: 60_000 },
    async (parallelism) => {
      for (let seed = 0; seed < interleavings; seed++) {
        for (const crashes of [0, 2]) {
          const found = await lived(seed * 10 + parallelism, parallelism, crashes);
          expect([seed, crashes, found]).toEqual([seed, crashes, { late: lateRows, results }]);
        }
      }
    },
  );
});

// The two examples' pipelines: straight = checkpointed = killed and restored = restored at another parallelism.
import { describe, expect, test } from 'vitest';
import { avg, count, max, type RowOf, schema, type Stream, t, window } from '../../src/api/index.ts';
import { batchSchema } from '../../src/batch/index.ts';
import { seededRandom } from '../../src/core/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import { type LifeReport, live, output } from './life.ts';
import { shown } from './plain.ts';
import { splitSource } from './split-source.ts';
import { World } from './world.ts';

interface Way {
  readonly name: string;
  readonly checkpointEveryMs: number;
  readonly crashes: number;
  readonly parallelisms: readonly number[];
  readonly rough?: boolean;
}
const never = 2 ** 40;
const straight: Way = { name: 'straight', checkpointEveryMs: never, crashes: 0, parallelisms: [1] };
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

type Build = (world: World, random: ReturnType<typeof seededRandom>) => LogicalJob['outputs'];

async function lived(way: Way, build: Build, seed: number): Promise<{ world: World; report: LifeReport }> {
  const random = seededRandom(seed);
  const world = new World();
  const { checkpointEveryMs, crashes, parallelisms, rough = false } = way;
  const outputs = build(world, random);
  const report = await live({ outputs, world, random, crashes, parallelisms, checkpointEveryMs, slow: rough });
  if (crashes > 0) expect(report.crashes).toBeGreaterThan(1); // it may finish before the last of them
  return { world, report };
}

// ── delays per origin and day, of flights in the order in which they left

const hour = 3_600_000;
const day = 24 * hour;
const Flight = schema({ date: t.timestamp, delay: t.number, origin: t.string });
const flightFields = batchSchema([
  { name: 'date', type: { kind: 'timestamp' }, nullable: false },
  { name: 'delay', type: { kind: 'float64' }, nullable: false },
  { name: 'origin', type: { kind: 'string' }, nullable: false },
]);

function flightsAsTheyLeft(): RowOf<typeof Flight>[] {
  const random = seededRandom(2001);
  const origins = ['ATL', 'JFK', 'LAX', 'ORD'];
  const flights = Array.from({ length: 400 }, (_, i) => {
    const date = Date.UTC(2001, 0, 1) + Math.floor((i * 12 * day) / 400 / 60_000) * 60_000;
    const delay = random.next() < 0.1 ? Math.floor(random.next() * 1500) : Math.floor(random.next() * 60) - 20;
    return { date, delay, origin: origins[Math.floor(random.next() * 4)]! };
  });
  return flights.sort((a, b) => a.date + a.delay * 60_000 - (b.date + b.delay * 60_000)) as RowOf<typeof Flight>[];
}
const flights = flightsAsTheyLeft();

const flightDelays: Build = (world, random) => {
  const perDay = splitSource({ name: 'flights', schema: flightFields, splits: [flights], random })
    .withWatermark('date' as never, '30 minutes')
    .groupBy(window('date' as never, '1 day'), 'origin')
    .agg({ flights: count(), avgDelay: avg('delay'), maxDelay: max('delay') });
  const results = (perDay as unknown as Stream<Result>).map(({ window: of, origin, ...rest }) => ({
    origin,
    day: new Date(of.start).toISOString().slice(0, 10),
    ...rest,
  }));
  return [output(results, world.sink('results')), output(perDay.late(), world.sink('late'))];
};
interface Result {
  readonly window: { readonly start: number };
  readonly origin: string;
  readonly flights: number;
  readonly avgDelay: number;
  readonly maxDelay: number;
}

/** By hand, record by record: the windows' rows in the order of their ends and first flights, and what came too late. */
function byHand(): { results: string[]; late: string[] } {
  const groups = new Map<string, { end: number; origin: string; delays: number[] }>();
  const late: object[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  for (const flight of flights) {
    const end = (Math.floor(flight.date / day) + 1) * day;
    if (end <= watermark) late.push(flight);
    else {
      const id = `${end} ${flight.origin}`;
      const group = groups.get(id) ?? { end, origin: flight.origin, delays: [] };
      groups.set(id, group);
      group.delays.push(flight.delay);
    }
    watermark = Math.max(watermark, flight.date - hour / 2);
  }
  const results = [...groups.values()]
    .sort((a, b) => a.end - b.end)
    .map(({ end, origin, delays }) => ({
      origin,
      day: new Date(end - day).toISOString().slice(0, 10),
      flights: delays.length,
      avgDelay: delays.reduce((a, b) => a + b) / delays.length,
      maxDelay: Math.max(...delays),
    }));
  return { results: results.map(shown), late: late.map(shown) };
}

describe('delays per origin and day', () => {
  const written = (world: World): { results: string[]; late: string[] } => ({
    results: world.rows('results').map(shown),
    late: world.rows('late').map(shown),
  });
  const plain = byHand();

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

// ── words of a text, counted, in mode update

const lineFields = batchSchema([{ name: 'value', type: { kind: 'string' }, nullable: false }]);
const lines = ((): { readonly value: string }[] => {
  const random = seededRandom(9999);
  const words = ['the', 'weir', 'is', 'a', 'barrier', 'across', 'ström', '😀'];
  return Array.from({ length: 150 }, () => ({
    value: Array.from({ length: Math.floor(random.next() * 7) }, () => words[Math.floor(random.next() ** 2 * 8)]!).join(' '),
  }));
})();

const wordCount: Build = (world, random) => {
  const words = splitSource({ name: 'lines', schema: lineFields, splits: [lines], random }).flatMap(({ value }) =>
    value
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => ({ word })),
  );
  return [output(words.groupBy('word').count(), world.sink('counts'), 'update', 20)];
};

describe('words, counted', () => {
  interface Count {
    readonly word: string;
    readonly count: number;
  }
  const plain = new Map<string, number>();
  for (const word of lines.flatMap(({ value }) => value.split(' ').filter((each) => each !== '')))
    plain.set(word, (plain.get(word) ?? 0) + 1);

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

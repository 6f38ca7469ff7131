/** The two examples' pipelines over input of their own, and what a plain computation makes of it. */
import { avg, count, max, type RowOf, schema, type Stream, t, window } from '../../src/api/index.ts';
import { batchSchema } from '../../src/batch/index.ts';
import { type Random, seededRandom } from '../../src/core/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import { output } from './life.ts';
import { shown } from './plain.ts';
import { splitSource } from './split-source.ts';
import type { World } from './world.ts';

export type Build = (world: World, random: Random) => LogicalJob['outputs'];

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

export const flightDelays: Build = (world, random) => {
  const perDay = splitSource({ name: 'flights', schema: flightFields, splits: [flights], random, pause: () => world.pause() })
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
export function delaysByHand(): { results: string[]; late: string[] } {
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

// ── words of a text, counted, in mode update

const lineFields = batchSchema([{ name: 'value', type: { kind: 'string' }, nullable: false }]);
const lines = ((): { readonly value: string }[] => {
  const random = seededRandom(9999);
  const words = ['the', 'weir', 'is', 'a', 'barrier', 'across', 'ström', '😀'];
  return Array.from({ length: 150 }, () => ({
    value: Array.from({ length: Math.floor(random.next() * 7) }, () => words[Math.floor(random.next() ** 2 * 8)]!).join(' '),
  }));
})();

export const wordCount: Build = (world, random) => {
  const words = splitSource({ name: 'lines', schema: lineFields, splits: [lines], random, pause: () => world.pause() }).flatMap(
    ({ value }) =>
      value
        .split(' ')
        .filter((word) => word !== '')
        .map((word) => ({ word })),
  );
  return [output(words.groupBy('word').count(), world.sink('counts'), 'update', 20)];
};

export function countsByHand(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of lines.flatMap(({ value }) => value.split(' ').filter((each) => each !== '')))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

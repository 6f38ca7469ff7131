/** Windows of so many rows of a key, with the plain answer. */
import { countWindow } from '../../src/api/index.ts';
import { type Query, samePerKey } from './experiment.ts';
import { output } from './life.ts';
import { aggregates, keysOf, type Row, shown } from './plain.ts';
import { aggregated } from './queries.ts';

/** Which rows a window holds follows from the order in which they arrive: one split, in its order (see `fitting`). */
export const counted: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const size = 1 + (life.seed % 5);
  const slide = 1 + (Math.floor(life.seed / 5) % size);
  const results = stream.groupBy(countWindow(size, { slide }), 'k').agg(aggregated());
  const isWhole = life.modes.includes('complete');
  const report = await experiment.run([
    output(results, world.sink('append')),
    ...(isWhole ? [output(results, world.sink('complete'), 'complete', life.every)] : []),
  ]);
  const keys = new Map<string, Row[]>();
  for (const { row } of rows) {
    const id = shown(keysOf(row, ['k']));
    keys.set(id, [...(keys.get(id) ?? []), row]);
  }
  const expected = [...keys.values()].flatMap((of) =>
    of
      .map((_, first) => first)
      .filter((first) => first % slide === 0 && first + size <= of.length)
      .map((first) => ({
        window: { first, last: first + size - 1 },
        ...keysOf(of[0]!, ['k']),
        ...aggregates(of.slice(first, first + size)),
      })),
  );
  const tables = isWhole ? [samePerKey('complete', world.epochs('complete').at(-1)?.rows ?? [], expected)] : [];
  return { life: report, late: 0, findings: [samePerKey('append', world.rows('append'), expected), ...tables] };
};

/** Rows that a function makes which asks outside, with their plain answer. */
import { count, min, sum } from '../../src/api/index.ts';
import { Plain, type Query, same, sameOrders, type Timed } from './experiment.ts';
import { output } from './life.ts';
import { lateOf, type Row, type Stamped, windowed } from './plain.ts';
import { onlyRows, timedKeys, windowKey } from './queries.ts';

const answered = <R extends Row>(row: R): R => ({ ...row, s: `${row.s}!` });
const plainly = ({ row, stamp }: Stamped): Stamped => ({ row: answered(row), stamp });

/** What is asked takes its time, more for some rows than for others, and fails now and then. */
const asked: Query = async (experiment) => {
  const { stream, rows, splits, world, life } = experiment;
  const ordered = life.seed % 3 !== 0;
  let [calls, failures] = [0, 2];
  const fn = async (row: Row): Promise<Row> => {
    calls++;
    for (let turns = (calls % 5) * (Math.abs(row.at) % 3); turns > 0; turns--) await world.thinking();
    if (calls % 7 === 0 && failures-- > 0) throw new Error('outside is away');
    return answered(row);
  };
  const concurrency = [1, 3, 100][life.seed % 3]!;
  const answers = (stream as unknown as { mapAsync(fn: unknown, options: object, schema: unknown): Timed }).mapAsync(
    fn,
    { concurrency, ordered },
    Plain,
  );
  const keys = timedKeys(life.keys);
  const results = answers.groupBy(windowKey(life.shape), ...keys).agg({ n: count(), total: sum('v'), first: min('s') });
  const report = await experiment.run([
    output(answers, world.sink('answers')),
    output(results, world.sink('append')),
    output(results.late(), world.sink('late')),
  ]);
  const made = rows.map(plainly);
  const late = lateOf(made, life.shape);
  const expected = windowed(made, life.shape, keys).map(({ mean: _m, least: _l, most: _h, all: _a, weight: _w, ...row }) => row);
  // Behind a union rows lie with key groups, which may come to another subtask than the splits whose rows they are.
  const stays = life.right.length === 0 || report.parallelisms.size === 1;
  return {
    life: report,
    late: late.length,
    findings: [
      same('answers', onlyRows(world.rows('answers')), onlyRows(made.map(({ row }) => row))),
      same('windows of answers', world.rows('append'), expected),
      same('late answers', onlyRows(world.rows('late')), onlyRows(late.map(({ row }) => row))),
      ...(ordered && stays
        ? [
            sameOrders(
              'order of answers',
              onlyRows(world.rows('answers')),
              splits.map((split) => onlyRows(split.map(answered)) as Row[]),
            ),
          ]
        : []),
    ],
  };
};

export const calling = { asked } as const;

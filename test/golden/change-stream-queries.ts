/** Rows that say what happens to others, read as rows that change, each with its plain answer: that of the rows that are there in the end. */
import { collect, count, max, min, type Stream, sum } from '../../src/api/index.ts';
import { inAllModes, leftOf, plainZero, settled } from './change-queries.ts';
import type { Drawn } from './drawn.ts';
import { type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { type Aggregates, grouped, type Row, shown, type Stamped } from './plain.ts';
import { aggregated, onlyRows, timedKeys } from './queries.ts';

/** Every third row takes back the one two before it: `s` says so. */
export const asChanges = (splits: Drawn['left']): Drawn['left'] =>
  splits.map((rows) => rows.flatMap((row, i) => [{ ...row, s: '+I' }, ...(i % 3 === 2 ? [{ ...rows[i - 2]!, s: '-D' }] : [])]));

/** The rows of a key come from one split: `s` names it. */
export const ofOneSplit = (splits: Drawn['left'], name: string): Drawn['left'] =>
  splits.map((rows, i) => rows.map((row) => ({ ...row, s: `${name} ${i}` })));

const summed = () =>
  ({ n: count(), total: sum('v'), least: min('v'), most: max('v'), latest: max('at'), all: collect('v') }) as const;
const summedPlainly = (rows: readonly Row[], key: 'k' | 's'): object[] =>
  grouped(
    rows.map((row) => ({ row, stamp: Number.NEGATIVE_INFINITY })),
    [key],
  ).map((row) => {
    const { n, total, least, most, all, ...rest } = row as Aggregates & Row;
    const own = rows.filter((each) => each[key] === rest[key]);
    return { [key]: rest[key], n, total, least, most, latest: Math.max(...own.map(({ at }) => at)), all };
  });

/** Of values that are equal any may be taken out. */
const summedUp = (rows: readonly object[]): object[] =>
  rows.map((row) => settled({ ...row, all: (row as { all: number[] }).all.map(plainZero) }));

/** Of a source that tells changes. */
const changed: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const read = stream.asChanges({ op: 's' });
  const report = await experiment.run([
    output(read, world.sink('update'), 'update'),
    output(read.groupBy('k').agg(summed()), world.sink('complete'), 'complete', life.every),
  ]);
  const there = new Map<string, Row[]>();
  for (const { row } of rows) {
    const id = shown([row.k, row.v, row.at]);
    if (row.s === '-D') there.get(id)!.pop();
    else there.set(id, [...(there.get(id) ?? []), row]);
  }
  const left = [...there.values()].flat();
  const times = new Map<string, number>();
  for (const { takenBack, k, v, at } of world.rows<Row & { takenBack?: true }>('update')) {
    const id = shown([k, v, at]);
    times.set(id, (times.get(id) ?? 0) + (takenBack ? -1 : 1));
  }
  return {
    life: report,
    late: 0,
    findings: [
      same(
        'update',
        [...times].flatMap(([row, n]) => Array.from({ length: Math.max(0, n) }, () => row)),
        left.map(({ k, v, at }) => shown([k, v, at])),
      ),
      sameSequence(
        'taken back more often than it came',
        [...times].filter(([, n]) => n < 0),
        [],
      ),
      same('complete', summedUp(world.epochs('complete').at(-1)?.rows ?? []), summedUp(summedPlainly(left, 'k'))),
    ],
  };
};

/** A changelog, read back: what is made of it is what is made of the result itself. */
const reread: Query = async (experiment) => {
  const { life, stream, rows } = experiment;
  const keys = timedKeys(life.keys).length === 0 ? (['k'] as const) : timedKeys(life.keys);
  const first = stream.groupBy(...(keys as 'k'[])).agg(aggregated());
  const again = first.changelog().asChanges({ op: 'op' }) as unknown as Stream<object, any>;
  const { life: report, findings } = await inAllModes(experiment, again, grouped(rows, keys) as never);
  return { life: report, late: 0, findings };
};

const isDeleted = ({ v }: Row): boolean => v === null || v < 0;
/** The last row of each key. */
const lasts: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const last = stream.asUpserts({ key: ['k', 's'], deleted: (c) => c.v.isNull().or(c.v.lt(0)) });
  const report = await experiment.run([
    output(last.changelog(), world.sink('changes')),
    output(last, world.sink('update'), 'update'),
    output(last.groupBy('s').agg(summed()), world.sink('complete'), 'complete', life.every),
  ]);
  const left = lastOf(rows);
  const found = (['changes', 'update'] as const).map((name) => [name, leftOf(world.epochs(name), shown)] as const);
  return {
    life: report,
    late: 0,
    findings: [
      ...found.map(([name, { rows: there }]) => same(name, onlyRows(there), onlyRows(left))),
      sameSequence(
        'taken back without having been there',
        found.flatMap(([, { wrong }]) => wrong),
        [],
      ),
      same('complete', summedUp(world.epochs('complete').at(-1)?.rows ?? []), summedUp(summedPlainly(left, 's'))),
    ],
  };
};

function lastOf(rows: readonly Stamped[]): Row[] {
  const last = new Map<string, Row>();
  for (const { row } of rows) {
    const id = shown([row.k, row.s]);
    if (isDeleted(row)) last.delete(id);
    else last.set(id, row);
  }
  return [...last.values()];
}

export const changeStreams = { changed, reread, lasts } as const;

/** Queries for first rows, of each value and of all, with what must be true of them whatever comes first. */
import { count, type Stream, window } from '../../src/api/index.ts';
import { type Experiment, type Finding, type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { type KeyColumn, keysOf, type Row, shown, type Stamped, windowed } from './plain.ts';
import { onlyRows, timedKeys } from './queries.ts';

type Seen = ReadonlyMap<string, readonly Stamped[]>;

/** A time that is the watermark lies `delay` behind, and is late; but with none the latest is not. */
const isInTime =
  (delay: number) =>
  ({ row, stamp }: Stamped): boolean =>
    row.at > stamp || (delay === 0 && row.at === stamp);
const keyOf = (row: Row, keys: readonly KeyColumn[]): string => shown(keysOf(row, keys));

/** The rows that are in time, by key. */
function byKey(rows: readonly Stamped[], keys: readonly KeyColumn[], delay: number): Seen {
  const seen = new Map<string, Stamped[]>();
  for (const each of rows.filter(isInTime(delay))) {
    const key = keyOf(each.row, keys);
    seen.set(key, [...(seen.get(key) ?? []), each]);
  }
  return seen;
}

/** Rows that came out and were not there, or more often than they were. */
function invented(actual: readonly object[], rows: readonly Stamped[]): Finding {
  const left = new Map<string, number>();
  for (const row of onlyRows(rows.map((each) => each.row))) left.set(shown(row), (left.get(shown(row)) ?? 0) + 1);
  const surplus = onlyRows(actual).filter((row) => {
    const count = left.get(shown(row)) ?? 0;
    left.set(shown(row), count - 1);
    return count <= 0;
  });
  return sameSequence('rows that were not there', surplus, []);
}

/** The time is among the columns: there is one row of each value, and windows count them. */
const firsts: Query = async (experiment) => {
  const { life, stream, rows, world, inOrder } = experiment;
  const keys: readonly KeyColumn[] = [...timedKeys(life.keys), 'at'];
  const distinct = stream.dropDuplicates(keys);
  const span = { size: life.shape.size, slide: life.shape.size, offset: 0 };
  const report = await experiment.run([
    output(distinct, world.sink('append')),
    output(distinct.late(), world.sink('late')),
    output(
      (distinct as unknown as Stream<{ at: unknown; s: string }>)
        .groupBy(window('at' as never, `${span.size} ms`))
        .agg({ n: count() }),
      world.sink('counts'),
    ),
  ]);
  const seen = byKey(rows, keys, life.delay);
  const actual = world.rows<Row>('append');
  const plain = [...seen.values()].map(([first]) => ({ row: first!.row, stamp: Number.NEGATIVE_INFINITY }));
  const counts = windowed(plain, span, []).map(({ window: of, n }) => ({ window: of, n }));
  const late = rows.filter((each) => !isInTime(life.delay)(each)).map(({ row }) => row);
  return {
    life: report,
    late: late.length,
    findings: [
      same('late rows', onlyRows(world.rows('late')), onlyRows(late)),
      same(
        'values',
        actual.map((row) => keyOf(row, keys)),
        [...seen.keys()],
      ),
      invented(actual, rows.filter(isInTime(life.delay))),
      same('counts of values', world.rows('counts'), counts),
      ...(inOrder ? [same('first rows', onlyRows(actual), onlyRows(plain.map(({ row }) => row)))] : []),
    ],
  };
};

/** What one record after the other gives: a key is forgotten once its first row lies `ms` behind the watermark. */
function withinPlainly(rows: readonly Stamped[], ms: number, keys: readonly KeyColumn[], delay: number): Row[] {
  const expiries = new Map<string, number>();
  return rows.filter(isInTime(delay)).flatMap(({ row, stamp }) => {
    const key = keyOf(row, keys);
    if ((expiries.get(key) ?? Number.NEGATIVE_INFINITY) > stamp) return [];
    expiries.set(key, row.at + ms);
    return [row];
  });
}

/** Where keys come from several inputs, which rows are the first depends on arrival; that they lie so far apart does not. */
const expiring: Query = async (experiment) => {
  const { life, stream, rows, world, inOrder } = experiment;
  const keys = timedKeys(life.keys).length === 0 ? (['k'] as const) : timedKeys(life.keys);
  const ms = life.shape.size;
  const report = await experiment.run([output(stream.dropDuplicates(keys, { within: `${ms} ms` }), world.sink('append'))]);
  const actual = world.rows<Row>('append');
  return {
    life: report,
    late: rows.filter((each) => !isInTime(life.delay)(each)).length,
    findings: [
      same('keys', [...new Set(actual.map((row) => keyOf(row, keys)))], [...byKey(rows, keys, life.delay).keys()]),
      invented(actual, rows.filter(isInTime(life.delay))),
      sameSequence('first rows too close', tooClose(actual, ms, keys), []),
      ...(inOrder ? [same('first rows', onlyRows(actual), onlyRows(withinPlainly(rows, ms, keys, life.delay)))] : []),
    ],
  };
};

function tooClose(rows: readonly Row[], ms: number, keys: readonly KeyColumn[]): string[] {
  const latest = new Map<string, number>();
  return rows.flatMap((row) => {
    const key = keyOf(row, keys);
    const before = latest.get(key);
    latest.set(key, row.at);
    return before !== undefined && row.at < before + ms ? [`${key}: ${row.at} after ${before}`] : [];
  });
}

const limited: Query = async (experiment) => {
  const { life, stream, rows, world, inOrder } = experiment;
  const most = life.shape.size;
  const report = await experiment.run([output(stream.limit(most), world.sink('append'))]);
  const actual = world.rows<Row>('append');
  return {
    life: report,
    late: 0,
    findings: [
      sameSequence('number of rows', [actual.length], [Math.min(most, rows.length)]),
      invented(actual, rows),
      beginnings(actual, experiment),
      ...(inOrder ? [sameSequence('first rows', onlyRows(actual), onlyRows(rows.slice(0, most).map(({ row }) => row)))] : []),
    ],
  };
};

/** Of each split the first ones: of the rows that are there once. */
function beginnings(actual: readonly Row[], { splits }: Experiment): Finding {
  const times = new Map<string, number>();
  const shownSplits = splits.map((rows) => onlyRows(rows).map(shown));
  for (const row of shownSplits.flat()) times.set(row, (times.get(row) ?? 0) + 1);
  const owned = shownSplits.map((rows) => rows.filter((row) => times.get(row) === 1));
  const found = onlyRows(actual).map(shown);
  const of = (rows: readonly string[]): string[] => found.filter((row) => rows.includes(row));
  return {
    what: 'first rows of each split, in order',
    actual: owned.map((rows) => of(rows).join(' ')),
    expected: owned.map((rows) => rows.slice(0, of(rows).length).join(' ')),
  };
}

export const firstRows = { firsts, expiring, limited } as const;

/** Joins, each with its plain answer. */
import { type Joined, type NumberExpr, schema, t, window } from '../../src/api/index.ts';
import type { JoinType } from '../../src/plan/index.ts';
import { from, table } from '../../src/start.ts';
import { type Experiment, type Query, same, type Timed } from './experiment.ts';
import { output } from './life.ts';
import type { Row, Stamped, WindowShape } from './plain.ts';
import { asOfJoined, joined, type JoinRules, lateForJoin, type Pair } from './plain-joins.ts';

const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];
type Bound = 'range' | 'windows' | 'none';
const bounds: readonly Bound[] = ['range', 'range', 'windows', 'none'];

const lastOf = (at: number, { size, offset }: WindowShape): number => Math.floor((at - offset) / size) * size + offset + size - 1;

/** Null is no. */
const isAtMost = (left: Row, right: Row): boolean => left.v !== null && right.v !== null && left.v <= right.v;

function rulesOf({ life }: Experiment): JoinRules & { readonly bound: Bound; readonly asks: boolean } {
  const { seed, shape, delay } = life;
  const how = types[seed % types.length]!;
  const drawn = bounds[Math.floor(seed / 6) % bounds.length]!;
  const bound = drawn === 'none' && how !== 'inner' && how !== 'semi' ? 'range' : drawn;
  const nullSafe = Math.floor(seed / 24) % 2 === 1;
  const ofWindow = ({ at }: Row): number => lastOf(at, shape);
  const asks = Math.floor(seed / 3) % 2 === 0;
  const rules = { how, nullSafe, bound, asks, where: asks ? isAtMost : () => true };
  switch (bound) {
    case 'none':
      return { ...rules, timeOf: () => 0, lateFrom: () => Infinity, low: 0, high: 0 };
    case 'windows':
      return { ...rules, timeOf: ofWindow, lateFrom: (row) => ofWindow(row) + 1, low: 0, high: 0 };
    case 'range': {
      const [low, high] = seed % 5 === 0 ? [-shape.slide, -2] : [-3, shape.slide];
      return { ...rules, timeOf: ({ at }) => at, lateFrom: ({ at }) => (delay === 0 ? at + 1 : at), low: low!, high: high! };
    }
  }
}

/** Of so many rows that every pair can be looked at. */
function few(experiment: Experiment): Experiment {
  const { stream, rows } = experiment;
  const every = Math.ceil(rows.length / rowsMax);
  const isOne = ({ at }: { readonly at: number }): boolean => at % every === 0;
  return { ...experiment, stream: stream.filter(isOne), rows: rows.filter(({ row }) => isOne(row)) };
}
const rowsMax = 150;

type Compared = { readonly v: NumberExpr<null>; readonly rv: NumberExpr<null> };

/** A join, of which late rows are asked for. */
type AnyJoined = Joined<object, object, Record<string, unknown>>;

function joinedStream({ stream, life }: Experiment, rules: ReturnType<typeof rulesOf>): AnyJoined {
  const { how, nullSafe, bound, low, high, asks } = rules;
  const size = `${life.shape.size} ms` as const;
  const offset = `${life.shape.offset} ms` as const;
  const left = stream.select((c) => ({ k: c.k, v: c.v, at: c.at, w: window(c.at, size, { offset }) }));
  const right = stream.select((c) => ({ rk: c.k, rs: c.s, rv: c.v, rat: c.at, rw: window(c.at, size, { offset }) }));
  const where = asks ? { where: (l: Compared, r: Compared) => l.v.lte(r.rv) } : {};
  const join = (options: object): AnyJoined =>
    (left as unknown as { join(right: unknown, options: object): AnyJoined }).join(right, {
      how,
      nullSafe,
      ...where,
      ...options,
    });
  if (bound === 'windows') return join({ on: { k: 'rk', w: 'rw' } });
  if (bound === 'none') return join({ on: { k: 'rk' } });
  return join({ on: { k: 'rk' }, within: [`${low} ms`, `${high} ms`], times: ['at', 'rat'] });
}

const joins: Query = async (all) => {
  const experiment = few(all);
  const { rows, world } = experiment;
  const rules = rulesOf(experiment);
  const isHalf = rules.how === 'semi' || rules.how === 'anti';
  const found = joinedStream(experiment, rules);
  // Nobody but the condition, and who takes late rows, reads the value of a right row.
  const shownColumns = isHalf ? ['k', 'v', 'at'] : ['k', 'v', 'at', 'rk', 'rs', 'rat'];
  const takesLate = rules.bound !== 'none' && experiment.life.seed % 4 < 3;
  const report = await experiment.run([
    output(found.select(...shownColumns), world.sink('append')),
    ...(takesLate
      ? [
          output(found.late('left'), world.sink('late left')),
          output((found.late('right') as unknown as Timed).select('rv' as never, 'rk' as never), world.sink('late right')),
        ]
      : []),
  ]);
  const late = lateForJoin(rows, rules).map(({ row }) => row);
  const shown = ({ left, right }: Pair): object => ({
    ...{ k: left?.k ?? null, v: left?.v ?? null, at: left?.at ?? null },
    ...(isHalf ? {} : { rk: right?.k ?? null, rs: right?.s ?? null, rat: right?.at ?? null }),
  });
  return {
    life: report,
    late: 2 * late.length,
    findings: [
      same('joined', world.rows<object>('append'), joined(rows, rules).map(shown)),
      ...(takesLate
        ? [
            same(
              'late left rows',
              world.rows<Row>('late left').map(({ k, v, at }) => ({ k, v, at })),
              late.map(({ k, v, at }) => ({ k, v, at })),
            ),
            same(
              'late right rows',
              world.rows<object>('late right'),
              late.map(({ k, v }) => ({ rv: v, rk: k })),
            ),
          ]
        : []),
    ],
  };
};

/** Some rows of a stream are versions of their keys, which all of its rows meet. */
const versions: Query = async (experiment) => {
  const { stream, rows, world, life } = experiment;
  const { seed, delay } = life;
  const how = seed % 2 === 0 ? 'inner' : 'left';
  const tolerance = [Infinity, 5, 0][Math.floor(seed / 2) % 3]!;
  const lateFrom = ({ at }: Row): number => (delay === 0 ? at + 1 : at);
  const isVersion = ({ at }: { readonly at: number }): boolean => at % 3 !== 0;
  const left = stream.select((c) => ({ k: c.k, v: c.v, at: c.at }));
  const right = stream.filter(isVersion).select((c) => ({ rk: c.k, rs: c.s, rv: c.v, rat: c.at }));
  const found = (left as unknown as { asOfJoin(right: unknown, options: object): AnyJoined }).asOfJoin(right, {
    on: { k: 'rk' },
    how,
    times: ['at', 'rat'],
    ...(tolerance === Infinity ? {} : { tolerance: `${tolerance} ms` }),
  });
  const report = await experiment.run([
    output(found, world.sink('append')),
    output(found.late('left'), world.sink('late rows')),
    output(found.late('right'), world.sink('late versions')),
  ]);
  const of = rows.filter(({ row }) => isVersion(row));
  const isLate = ({ row, stamp }: Stamped): boolean => lateFrom(row) <= stamp;
  const [late, lateVersions] = [rows, of].map((all) => all.filter(isLate).map(({ row }) => row)) as [Row[], Row[]];
  const shown = ({ left: { k, v, at }, right: version }: Pair & { readonly left: Row }): object => ({
    ...{ k, v, at },
    ...{ rk: version?.k ?? null, rs: version?.s ?? null, rv: version?.v ?? null, rat: version?.at ?? null },
  });
  const expected = asOfJoined(rows, of, { how, tolerance, lateFrom });
  return {
    life: report,
    late: late.length + lateVersions.length,
    findings: [
      same('joined with versions', world.rows<object>('append'), expected.map(shown as (pair: Pair) => object)),
      same(
        'late rows',
        world.rows<object>('late rows'),
        late.map(({ k, v, at }) => ({ k, v, at })),
      ),
      same(
        'late versions',
        world.rows<object>('late versions'),
        lateVersions.map(({ k, s, v, at }) => ({ rk: k, rs: s, rv: v, rat: at })),
      ),
    ],
  };
};

const Titled = schema({ name: t.string.nullable(), title: t.string });
const TitledBoth = schema({ name: t.string.nullable(), title: t.string, s: t.string });
const names = [
  { name: 'a', title: 'first' },
  { name: 'a', title: 'again' },
  { name: 'x', title: 'other' },
  { name: null, title: 'none' },
];

/** With a table, whose rows come while the stream's do. */
const lookups: Query = async (experiment) => {
  const { stream, rows, world, life } = experiment;
  const how = (['inner', 'left', 'semi', 'anti'] as const)[life.seed % 4]!;
  const asks = Math.floor(life.seed / 4) % 2 === 0;
  const where = asks ? { where: (l: any, r: any) => l.s.ne(r.title.slice(0, 1)) } : {};
  const found = stream
    .select((c) => ({ k: c.k, v: c.v, s: c.s, at: c.at }))
    .join(table(from(names).map((row) => row, Titled)), { on: { k: 'name' } as never, how, ...where });
  const counted = (found as unknown as Experiment['stream']).groupBy('k').count();
  const report = await experiment.run([
    output(found, world.sink('append')),
    output(counted, world.sink('update'), 'update', life.every),
  ]);
  const partners = ({ row }: Stamped): object[] =>
    names.filter(({ name, title }) => name !== null && name === row.k && !(asks && row.s === title[0]));
  const expected = rows.flatMap((each): object[] => {
    const { k, v, s, at } = each.row;
    const own = { k, v, s, at };
    const of = partners(each);
    if (how === 'semi' || how === 'anti') return of.length > 0 === (how === 'semi') ? [own] : [];
    if (of.length === 0) return how === 'left' ? [own] : [];
    return of.map((partner) => ({ ...own, ...partner }));
  });
  const count = new Map<string | null, number>();
  for (const row of expected as Row[]) count.set(row.k, (count.get(row.k) ?? 0) + 1);
  const latest = new Map(world.rows<{ k: string | null; count: number }>('update').map((row) => [row.k, row.count]));
  return {
    life: report,
    late: 0,
    findings: [
      same('looked up', world.rows<object>('append').map(withoutNulls), expected.map(withoutNulls)),
      same('counted', [...latest], [...count]),
    ],
  };
};
/** With what is found outside, which takes its time and fails now and then. */
const fetched: Query = async (experiment) => {
  const { stream, rows, world, life } = experiment;
  const how = life.seed % 2 === 0 ? 'inner' : 'left';
  let [calls, failures] = [0, 2];
  const byTwo = Math.floor(life.seed / 2) % 2 === 0;
  /** By two columns there is one more thing to know. */
  const isOdd = (s: string): boolean => byTwo && s.length % 2 === 1;
  const fetch = async (keys: readonly (string | { readonly name: string; readonly s: string })[]): Promise<object[]> => {
    for (let turns = calls++ % 5; turns > 0; turns--) await world.thinking();
    if (calls % 7 === 0 && failures-- > 0) throw new Error('outside is away');
    return keys.flatMap((key) => {
      const { name: wanted, s } = typeof key === 'string' ? { name: key, s: '' } : key;
      const of = isOdd(s) ? [] : names.filter(({ name }) => name === wanted).toReversed();
      return typeof key === 'string' ? of : of.map((found) => ({ ...found, s }));
    });
  };
  const cache = life.seed % 3 === 0 ? {} : { cache: { entries: 2, ttl: '20 ms' } as const };
  const lookup = { schema: byTwo ? TitledBoth : Titled, fetch, keysPerCall: 2, concurrency: 1 + (life.seed % 2), ...cache };
  const found = (
    stream.select((c) => ({ k: c.k, v: c.v, of: c.s, at: c.at })) as unknown as {
      lookupJoin(lookup: object, options: object): Experiment['stream'];
    }
  )
    .lookupJoin(lookup, { on: byTwo ? { k: 'name', of: 's' } : { k: 'name' }, how })
    .withColumns((c) => ({ kept: c.at }));
  const counted = found.groupBy(window('at', `${life.shape.size} ms`), 'k').count();
  const report = await experiment.run([
    output(found, world.sink('append')),
    output(counted, world.sink('windows')),
    output(counted.late(), world.sink('late')),
  ]);
  const expected = rows.flatMap(({ row }): object[] => {
    const { k, v, s, at } = row;
    const of = isOdd(s) ? [] : names.filter(({ name }) => name !== null && name === k).toReversed();
    const own = { k, v, of: s, at };
    if (of.length === 0) return how === 'left' ? [{ ...own, kept: at }] : [];
    return of.map((partner) => ({ ...own, ...partner, ...(byTwo ? { s } : {}), kept: at }));
  });
  const inWindows = world.rows<{ count: number }>('windows').reduce((sum, { count }) => sum + count, 0);
  const late = world.rows<object>('late').length;
  return {
    life: report,
    late,
    findings: [
      same('found outside', world.rows<object>('append').map(withoutNulls), expected.map(withoutNulls)),
      same('counted or late', [inWindows + late], [expected.length]),
    ],
  };
};
/** Of a row that has no partner nobody knows the columns that it would have had. */
const withoutNulls = (row: object): object =>
  Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== null || name === 'k' || name === 'v'));

export const joining = { joins, versions, lookups, fetched } as const;

/** Aggregations of rows that change, each with its plain answer: that of the last rows. */
import { avg, collect, count, countDistinct, max, min, type Stream, sum } from '../../src/api/index.ts';
import { type Experiment, type Finding, type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { type Aggregates, ascending, grouped, lateOf, type Row, shown, windowed } from './plain.ts';
import { exactSum } from './plain-sum.ts';
import { aggregated, lenientKey, timedKeys } from './queries.ts';
import type { PublishedEpoch, World } from './world.ts';

type Change = { readonly takenBack?: true; readonly op?: '+I' | '-U' | '+U' | '-D' };
type First = Partial<Row> & Aggregates;

/** What is left of rows, each of which is added, replaces another of its key, or takes back one that was there. */
export function leftOf(
  epochs: readonly PublishedEpoch[],
  keyOf: (row: object) => string,
): { readonly rows: object[]; readonly wrong: string[] } {
  const table = new Map<string, object>();
  const wrong: string[] = [];
  for (const { epoch, rows } of epochs)
    for (const { takenBack, op, ...row } of rows as Change[]) {
      const key = keyOf(row);
      const isGone = takenBack === true || op === '-U' || op === '-D';
      if (!isGone) table.set(key, row);
      else if (!table.delete(key)) wrong.push(`epoch ${epoch}: ${key} was not there`);
    }
  return { rows: [...table.values()], wrong };
}

/** -0 and 0 are the same value, and which of them is there first follows from arrival. */
export const plainZero = <V extends number | null>(value: V): V => (value === 0 ? (0 as V) : value);
/** In which order values were collected follows from arrival. */
export const settled = (row: object): object => {
  const { all, least, most, ...rest } = row as { all: number[]; least: number | null; most: number | null };
  return { ...rest, least: plainZero(least), most: plainZero(most), all: ascending(all) };
};

const regroup = () =>
  ({
    groups: count(),
    total: sum('total'),
    mean: avg('least'),
    least: min('least'),
    most: max('most'),
    kinds: countDistinct('least'),
    all: collect('n'),
  }) as const;

/** The same, plainly. */
function regrouped(first: readonly First[]): object[] {
  const groups = new Map<number, First[]>();
  for (const row of first) groups.set(row.n % 4, [...(groups.get(row.n % 4) ?? []), row]);
  return [...groups].map(([left, of]) => {
    const values = (name: 'total' | 'least' | 'most'): number[] => of.map((row) => row[name]).filter((value) => value !== null);
    const [totals, least, most] = [values('total'), values('least'), values('most')];
    return {
      left,
      groups: of.length,
      total: totals.length === 0 ? null : exactSum(totals),
      mean: least.length === 0 ? null : exactSum(least) / least.length,
      least: ascending(least)[0] ?? null,
      most: ascending(most).at(-1) ?? null,
      kinds: new Set(least).size,
      all: of.map(({ n }) => n),
    };
  });
}

const byLeft = (row: object): string => shown((row as { readonly left: number }).left);

/** In each mode, and as a changelog, of which each row takes back exactly what was there. */
export async function inAllModes(
  experiment: Experiment,
  first: Stream<object, any>,
  expected: readonly First[],
): Promise<{ life: Awaited<ReturnType<Experiment['run']>>; findings: Finding[] }> {
  const { life, world } = experiment;
  const results = (first as Stream<First, 'running'>)
    .withColumns((c) => ({ left: c.n.mod(4) }))
    .groupBy('left')
    .agg(regroup() as never) as unknown as Stream<object, 'running'>;
  const report = await experiment.run([
    output(results, world.sink('update'), 'update'),
    output(results, world.sink('complete'), 'complete', life.every),
    output(results.changelog(), world.sink('changes')),
  ]);
  return { life: report, findings: [...tables(world, expected), ...changelog(world, expected)] };
}

function tables(world: World, expected: readonly First[]): Finding[] {
  const wanted = regrouped(expected).map(settled);
  const updated = leftOf(world.epochs('update'), byLeft);
  return [
    same('update', updated.rows.map(settled), wanted),
    sameSequence('taken back without having been there', updated.wrong, []),
    same('complete', (world.epochs('complete').at(-1)?.rows ?? []).map(settled), wanted),
  ];
}

function changelog(world: World, expected: readonly First[]): Finding[] {
  const whole = leftOf(world.epochs('changes'), shown);
  const twice = whole.rows.map(byLeft).filter((key, i, all) => all.indexOf(key) !== i);
  return [
    same('changes', whole.rows.map(settled), regrouped(expected).map(settled)),
    sameSequence('changes of rows that were not there', whole.wrong, []),
    sameSequence('groups that are there twice', twice, []),
  ];
}

/** Of each key, for ever. */
const regroups: Query = async (experiment) => {
  const { life, stream, rows } = experiment;
  const keys = timedKeys(life.keys).length === 0 ? (['k'] as const) : timedKeys(life.keys);
  const first = stream.groupBy(...(keys as 'k'[])).agg(aggregated());
  const { life: report, findings } = await inAllModes(experiment, first, grouped(rows, keys) as First[]);
  return { life: report, late: 0, findings };
};

/** Of windows that are written again for late rows. */
const revisions: Query = async (experiment) => {
  const { life, stream, rows } = experiment;
  const shape = { ...life.shape, lateness: 1 + (life.seed % 40) };
  const first = stream.groupBy(lenientKey(shape), 'k').agg(aggregated());
  const { life: report, findings } = await inAllModes(experiment, first as never, windowed(rows, shape) as never);
  return { life: report, late: lateOf(rows, shape).length, findings };
};

const places = 2;
/** The first of what changes, and of what a condition on it lets through, which is taken back from who keeps rows by their key. */
const ranks: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const counts = stream.groupBy('k', 's').agg({ n: count(), latest: max('at') });
  const best = counts.groupBy('k').top(places, { by: ['n', 'latest', 's'] });
  const odd = counts.where((c) => c.n.mod(2).eq(1));
  const report = await experiment.run([
    output(best as never, world.sink('update'), 'update'),
    output(odd as never, world.sink('odd', { retracts: true }), 'update'),
  ]);
  const first = grouped(rows, ['k', 's']).map((row) => {
    const { k, s, n } = row as First & Row;
    const latest = Math.max(...rows.filter(({ row: of }) => of.k === k && of.s === s).map(({ row: of }) => of.at));
    return { k, s, n, latest };
  });
  const expected = [...new Set(first.map(({ k }) => k))].flatMap((k) =>
    first
      .filter((row) => row.k === k)
      .toSorted((a, b) => b.n - a.n || b.latest - a.latest || (a.s < b.s ? 1 : -1))
      .slice(0, places)
      .map(({ s, n, latest }, i) => ({ k, s, n, latest, rank: i + 1 })),
  );
  const placed = leftOf(world.epochs('update'), (row) => shown([(row as Row).k, (row as { rank: number }).rank]));
  const kept = leftOf(world.epochs('odd'), (row) => shown([(row as Row).k, (row as Row).s]));
  return {
    life: report,
    late: 0,
    findings: [
      same('first', placed.rows, expected),
      same(
        'odd',
        kept.rows,
        first.filter(({ n }) => n % 2 === 1),
      ),
      sameSequence('taken back without having been there', [...placed.wrong, ...kept.wrong], []),
    ],
  };
};

const types = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const;
/** Of rows that change on both sides, and what is counted of their pairs. */
const regulars: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const how = types[life.seed % types.length]!;
  const isHalf = how === 'semi' || how === 'anti';
  const left = stream.groupBy('k').agg({ n: count(), latest: max('at') });
  const right = stream.groupBy('s').agg({ m: count(), earliest: min('at') });
  const asks = Math.floor(life.seed / 6) % 2 === 0;
  const where = asks ? { where: (l: any, r: any) => l.latest.gt(r.earliest) } : {};
  const all = left.join(right, { on: { n: 'm' }, how, ttl: 'forever', ...where });
  // Nobody but the condition reads the time of a right row.
  const joined = (all as unknown as Stream<Record<string, unknown>, 'changing'>).select(
    ...(isHalf ? ['k', 'n', 'latest'] : ['k', 'n', 'latest', 's', 'm']),
  ) as unknown as Stream<{ n: number | null }, 'changing'>;
  const report = await experiment.run([
    output(joined.changelog(), world.sink('changes')),
    output(joined, world.sink('update'), 'update'),
    output(joined.groupBy('n').agg({ pairs: count() }), world.sink('complete'), 'complete', life.every),
  ]);
  const of = (key: 'k' | 's'): (First & Row & { latest: number; earliest: number })[] =>
    grouped(rows, [key]).map((row) => {
      const mine = rows.filter(({ row: each }) => each[key] === (row as Row)[key]);
      const times = mine.map(({ row: each }) => each.at);
      return { ...(row as First & Row), latest: Math.max(...times), earliest: Math.min(...times) };
    });
  const [l, r] = [of('k'), of('s')];
  const shape = (a: (typeof l)[number] | null, b: (typeof r)[number] | null): object => ({
    ...{ k: a?.k ?? null, n: a?.n ?? null, latest: a?.latest ?? null },
    ...(isHalf ? {} : { s: b?.s ?? null, m: b?.n ?? null }),
  });
  const meet = (a: (typeof l)[number], b: (typeof r)[number]): boolean => a.n === b.n && (!asks || a.latest > b.earliest);
  const expected = l.flatMap((a) => {
    const partners = r.filter((b) => meet(a, b));
    if (isHalf) return partners.length > 0 === (how === 'semi') ? [shape(a, null)] : [];
    const alone = partners.length === 0 && (how === 'left' || how === 'full');
    return alone ? [shape(a, null)] : partners.map((b) => shape(a, b));
  });
  if (how === 'right' || how === 'full') expected.push(...r.filter((b) => !l.some((a) => meet(a, b))).map((b) => shape(null, b)));
  const pairs = new Map<number | null, number>();
  for (const { n } of expected as { n: number | null }[]) pairs.set(n, (pairs.get(n) ?? 0) + 1);
  const found = (['changes', 'update'] as const).map((name) => [name, leftOf(world.epochs(name), shown)] as const);
  return {
    life: report,
    late: 0,
    findings: [
      ...found.map(([name, { rows: there }]) => same(name, there, expected)),
      sameSequence(
        'taken back without having been there',
        found.flatMap(([, { wrong }]) => wrong),
        [],
      ),
      same(
        'complete',
        world.epochs('complete').at(-1)?.rows ?? [],
        [...pairs].map(([n, of]) => ({ n, pairs: of })),
      ),
    ],
  };
};

export const changing = { regroups, revisions, ranks, regulars } as const;

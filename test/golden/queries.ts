/** Queries over aggregations, each with its plain answer. */
import { aggregate, avg, collect, count, cumulativeWindow, max, min, type Stream, sum, t, window } from '../../src/api/index.ts';
import type { OutputMode } from '../../src/plan/index.ts';
import { type Experiment, type Finding, type Query, same, sameOrders, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { ascending, grouped, lateOf, type Row, shown, type Span, type WindowShape, windowed } from './plain.ts';
import type { PublishedEpoch } from './world.ts';

const ms = (n: number): `${number} ms` => `${n} ms`;

const weigh = aggregate({
  state: t.struct({ nulls: t.number, values: t.number }),
  create: () => ({ nulls: 0, values: 0 }),
  accumulate: (acc, v: number | null) => {
    if (v === null) acc.nulls++;
    else acc.values++;
    return acc;
  },
  merge: (a, b) => ({ nulls: a.nulls + b.nulls, values: a.values + b.values }),
  result: ({ nulls, values }) => nulls + 2 * values,
});
export const aggregated = () =>
  ({
    n: count(),
    total: sum('v'),
    mean: avg('v'),
    least: min('v'),
    most: max('v'),
    first: min('s'),
    all: collect('v'),
    weight: weigh('v'),
  }) as const;

export type Result = { readonly n: number; readonly all: readonly number[] };

/** In which order values of several inputs were collected follows from their arrival. */
const collected = (rows: readonly object[], inOrder: boolean): object[] =>
  inOrder ? [...rows] : rows.map((row) => ({ ...row, all: ascending((row as Result).all) }));

export const windowKey = ({ size, slide, offset, cumulative = false }: WindowShape) =>
  cumulative
    ? cumulativeWindow('at', { step: ms(slide), max: ms(size), offset: ms(offset) })
    : window('at', ms(size), { slide: ms(slide), offset: ms(offset) });
export const lenientKey = ({ size, slide, offset, cumulative = false, lateness = 0 }: WindowShape) =>
  cumulative
    ? cumulativeWindow('at', { step: ms(slide), max: ms(size), offset: ms(offset), lateness: ms(lateness) })
    : window('at', ms(size), { slide: ms(slide), offset: ms(offset), lateness: ms(lateness) });

export const groupOf = (row: object): string => {
  const { window: of, k, v, s, at } = row as { window?: unknown } & Partial<Row>;
  return shown([of, k, v, s, at]);
};

/** The last row of each group. */
const latest = (rows: readonly object[]): object[] => [...new Map(rows.map((row) => [groupOf(row), row])).values()];

/** Rows of mode update that do not follow from what was published before: a group's count only grows, once per epoch. */
function backwards(epochs: readonly PublishedEpoch[]): string[] {
  const counts = new Map<string, number>();
  return epochs.flatMap(({ epoch, rows }) =>
    rows.flatMap((row) => {
      const { n } = row as Result;
      const group = groupOf(row);
      const before = counts.get(group) ?? 0;
      counts.set(group, n);
      return n > before ? [] : [`epoch ${epoch}: ${group} from ${before} to ${n}`];
    }),
  );
}

/** Groups that a table of mode complete has lost, or in which rows were taken back. */
function shrunk(epochs: readonly PublishedEpoch[]): string[] {
  let before = new Map<string, number>();
  return epochs.flatMap(({ epoch, rows }) => {
    const now = new Map(rows.map((row) => [groupOf(row), (row as Result).n]));
    const lost = [...before].filter(([group, n]) => (now.get(group) ?? 0) < n).map(([group]) => `epoch ${epoch}: ${group}`);
    before = now;
    return lost;
  });
}

/** Groups that one table of mode complete holds twice. */
function twice(epochs: readonly PublishedEpoch[]): string[] {
  return epochs.flatMap(({ epoch, rows }) => {
    const groups = rows.map(groupOf);
    return groups.filter((group, i) => groups.indexOf(group) !== i).map((group) => `epoch ${epoch}: ${group}`);
  });
}

/** What was published in this mode, against all results there are. */
export function published({ world, inOrder }: Experiment, mode: OutputMode, expected: readonly object[]): Finding[] {
  const wanted = collected(expected, inOrder);
  switch (mode) {
    case 'append':
      return [same('append', collected(world.rows('append'), inOrder), wanted)];
    case 'update':
      return [
        same('update', collected(latest(world.rows('update')), inOrder), wanted),
        sameSequence('updates that go back', backwards(world.epochs('update')), []),
      ];
    case 'complete':
      return [
        same('complete', collected(world.epochs('complete').at(-1)?.rows ?? [], inOrder), wanted),
        sameSequence('tables that shrink', shrunk(world.epochs('complete')), []),
        sameSequence('groups that are there twice', twice(world.epochs('complete')), []),
      ];
  }
}

export const timedKeys = (keys: Experiment['life']['keys']) => keys.filter((key) => key !== 'at');
export const onlyRows = (rows: readonly object[]): object[] =>
  rows.map((row) => {
    const { k, v, s, at } = row as Row;
    return { k, v, s, at };
  });

const windows: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const keys = timedKeys(life.keys);
  const results = stream.groupBy(windowKey(life.shape), ...keys).agg(aggregated());
  const report = await experiment.run([
    ...life.modes.map((mode) => output(results, world.sink(mode), mode, life.every)),
    output(results.late(), world.sink('late')),
  ]);
  const expected = windowed(rows, life.shape, keys);
  const late = lateOf(rows, life.shape);
  const { inOrder } = experiment;
  const ordered =
    inOrder && [...report.parallelisms].every((parallelism) => parallelism === 1) && life.modes.includes('append')
      ? [sameSequence('order of windows', world.rows('append'), expected)]
      : [];
  return {
    life: report,
    late: late.length,
    findings: [
      ...life.modes.flatMap((mode) => published(experiment, mode, expected)),
      ...ordered,
      same('late rows', onlyRows(world.rows('late')), onlyRows(late.map(({ row }) => row))),
    ],
  };
};

/** Windows that take rows for some time after their end, and are written again. */
const lenient: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const keys = timedKeys(life.keys);
  const shape = { ...life.shape, lateness: 1 + (life.seed % 40) };
  const modes = life.modes.map((mode) => (mode === 'append' ? 'update' : mode));
  const results = stream.groupBy(lenientKey(shape), ...keys).agg(aggregated());
  // Whoever takes late rows has nothing combined.
  const late = life.seed % 2 === 0 ? [output(results.late(), world.sink('late'))] : [];
  const report = await experiment.run([
    ...[...new Set(modes)].map((mode) => output(results, world.sink(mode), mode, life.every)),
    ...late,
  ]);
  // Of tables that are written whole nothing is final.
  const takesAll = late.length === 0 && modes.every((mode) => mode === 'complete');
  const open = takesAll ? { ...shape, lateness: Infinity } : shape;
  const expected = windowed(rows, open, keys);
  const tooLate = lateOf(rows, open);
  return {
    life: report,
    late: tooLate.length,
    findings: [
      ...modes.flatMap((mode) => published(experiment, mode, expected)),
      ...(late.length === 0 ? [] : [same('late rows', onlyRows(world.rows('late')), onlyRows(tooLate.map(({ row }) => row)))]),
    ],
  };
};

/** A time under a watermark is a key that closes. */
const instants: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const shape = { size: 1, slide: 1, offset: 0, lateness: life.delay === 0 ? 0 : -1 };
  const results = stream.groupBy('k', 'at').agg(aggregated());
  const report = await experiment.run([output(results, world.sink('append'))]);
  const expected = windowed(rows, shape, ['k', 'at']).map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'window')),
  );
  return { life: report, late: lateOf(rows, shape).length, findings: published(experiment, 'append', expected) };
};

/** Windows of windows: nothing that a window gives is late for the next. */
const chained: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const outer = { size: 60, slide: 20, offset: 7, cumulative: life.seed % 2 === 0 };
  const inner = stream.groupBy(windowKey(life.shape), 'k').agg({ n: count(), least: min('v') });
  const outerKey = outer.cumulative
    ? cumulativeWindow('window' as never, { step: ms(outer.slide), max: ms(outer.size), offset: ms(outer.offset) })
    : window('window' as never, ms(outer.size), { slide: ms(outer.slide), offset: ms(outer.offset) });
  const results = (inner as unknown as Stream<{ window: unknown; n: number; least: number | null }>)
    .groupBy(outerKey)
    .agg({ n: count(), total: sum('n'), least: min('least') });
  const report = await experiment.run([output(results, world.sink('append'))]);
  const groups = new Map<string, { window: Span; n: number; total: number; all: number[] }>();
  for (const result of windowed(rows, life.shape)) {
    for (const { window: of } of windowed([{ row: rowAt(result.window.end - 1), stamp: Number.NEGATIVE_INFINITY }], outer)) {
      const group = groups.get(shown(of)) ?? { window: of, n: 0, total: 0, all: [] };
      groups.set(shown(of), group);
      group.n++;
      group.total += result.n;
      if (result.least !== null) group.all.push(result.least);
    }
  }
  const expected = [...groups.values()].map(({ window: of, n, total, all }) => ({
    window: of,
    n,
    total,
    least: ascending(all)[0] ?? null,
  }));
  return { life: report, late: lateOf(rows, life.shape).length, findings: [same('chained', world.rows('append'), expected)] };
};
const rowAt = (at: number): Row => ({ k: null, v: null, s: '', at });

/** Late rows are rows: some are in time for longer windows. */
const late: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const longer = { size: life.shape.size * 3, slide: life.shape.size * 3, offset: 0 };
  const tooLate = stream.groupBy(windowKey(life.shape), 'k').count().late();
  const perKey = tooLate.groupBy('k').agg(aggregated());
  const inTime = (tooLate as typeof stream).groupBy(windowKey(longer), 's').agg(aggregated());
  const report = await experiment.run([
    output(perKey, world.sink('update'), 'update', life.every),
    output(inTime, world.sink('append')),
  ]);
  const plain = lateOf(rows, life.shape);
  return {
    life: report,
    late: plain.length,
    findings: [
      ...published(experiment, 'update', grouped(plain)),
      // Late rows of several keys come from several subtasks.
      ...published(
        { ...experiment, inOrder: experiment.inOrder && life.parallelisms.every((parallelism) => parallelism === 1) },
        'append',
        windowed(plain, longer, ['s']),
      ),
    ],
  };
};

const running: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const keys = timedKeys(life.keys);
  const modes = life.modes.map((mode) => (mode === 'append' ? 'update' : mode));
  const results = stream.groupBy(...(keys.length === 0 ? (['k'] as const) : keys)).agg(aggregated());
  const report = await experiment.run([...new Set(modes)].map((mode) => output(results, world.sink(mode), mode, life.every)));
  const expected = grouped(rows, keys.length === 0 ? ['k'] : keys);
  return { life: report, late: 0, findings: modes.flatMap((mode) => published(experiment, mode, expected)) };
};

/** One stream, several ways. */
const branches: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const report = await experiment.run([
    output(stream, world.sink('rows')),
    output(stream.groupBy(windowKey(life.shape), 'k').agg(aggregated()), world.sink('append')),
    output(
      stream
        .filter((row) => row.v !== null)
        .groupBy('s')
        .agg(aggregated()),
      world.sink('update'),
      'update',
      life.every,
    ),
  ]);
  const present = rows.filter(({ row }) => row.v !== null);
  return {
    life: report,
    late: lateOf(rows, life.shape).length,
    findings: [
      same('rows', onlyRows(world.rows('rows')), onlyRows(rows.map(({ row }) => row))),
      sameOrders(
        'order of splits',
        onlyRows(world.rows('rows')),
        experiment.splits.map((of) => onlyRows(of) as Row[]),
      ),
      ...published(experiment, 'append', windowed(rows, life.shape)),
      ...published(experiment, 'update', grouped(present, ['s'])),
    ],
  };
};

export const aggregations = { windows, instants, chained, late, lenient, running, branches } as const;

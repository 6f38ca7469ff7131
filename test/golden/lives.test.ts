// Random pipelines over random out-of-order input, in random pieces and turns, crashed at random moments, with aborted epochs,
// restored at other parallelisms: always the answer of the plain computation, exactly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  aggregate,
  avg,
  collect,
  count,
  max,
  min,
  type RowOf,
  schema,
  state,
  type Stream,
  sum,
  t,
  window,
} from '../../src/api/index.ts';
import { type Sabotage, seededRandom } from '../../src/core/index.ts';
import { type Drawn, drawn, traits } from './drawn.ts';
import { type LifeReport, live, output, splitSource, World } from './life.ts';
import { ascending, grouped, type Row, shown, type Stamped, stamped, timers, windowed } from './plain.ts';

const Plain = schema({ k: t.string.nullable(), v: t.number.nullable(), at: t.eventTime });
const Counted = schema({ k: t.string.nullable(), nth: t.number, at: t.number });
// A short slice with a fixed seed; `npm run test:random -- --runs N --seed S` searches on.
const lives = Number(process.env['WEIR_LIVES'] ?? 150);
const seed = Number(process.env['WEIR_SEED'] ?? 20_010_101);
const ms = (n: number): `${number} ms` => `${n} ms`;

// ── the same steps, for the engine and for the plain computation

type Timed = Stream<RowOf<typeof Plain>>;

function stepped(stream: Timed, steps: Drawn['steps']): Timed {
  return steps.reduce((rows, step) => {
    switch (step) {
      case 'map':
        return rows.map((row) => ({ ...row, v: row.v === null ? null : -row.v }), Plain);
      case 'filter':
        return rows.filter((row) => row.v !== 7);
      case 'flatMap':
        return rows.flatMap((row) => (row.v === 3 ? [row, { ...row, v: 4 }] : [row]), Plain);
      case 'select':
        return rows.select('v', 'at', 'k') as unknown as Timed;
      case 'rebalance':
        return rows.rebalance();
    }
  }, stream);
}

function plainly(rows: readonly Stamped[], steps: Drawn['steps']): Stamped[] {
  return steps.reduce<Stamped[]>(
    (all, step) => {
      switch (step) {
        case 'map':
          return all.map(({ row, stamp }) => ({ stamp, row: { ...row, v: row.v === null ? null : -row.v } }));
        case 'filter':
          return all.filter(({ row }) => row.v !== 7);
        case 'flatMap':
          return all.flatMap(({ row, stamp }) =>
            row.v === 3
              ? [
                  { row, stamp },
                  { row: { ...row, v: 4 }, stamp },
                ]
              : [{ row, stamp }],
          );
        case 'select':
        case 'rebalance':
          return all;
      }
    },
    [...rows],
  );
}

interface Outcome {
  readonly actual: readonly string[];
  readonly expected: readonly string[];
  readonly late: number;
  readonly life: LifeReport;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map(shown).sort();

/** The last row of each key. */
function lastPerKey(rows: readonly object[]): object[] {
  return [...new Map(rows.map((row) => [(row as Row).k, row])).values()];
}

const weigh = aggregate({
  state: t.number,
  create: () => 0,
  accumulate: (acc: number, v: number | null) => acc + (v === null ? 1 : 2),
  merge: (a, b) => a + b,
  result: (acc) => acc,
});
const aggregated = () =>
  ({
    n: count(),
    total: sum('v'),
    mean: avg('v'),
    least: min('v'),
    most: max('v'),
    all: collect('v'),
    weight: weigh('v'),
  }) as const;
/** In which order values of several splits were collected follows from their arrival. */
const collected = (rows: readonly object[]): object[] =>
  rows.map((row) => ({ ...row, all: ascending((row as { all: number[] }).all) }));

/** Timers are exact where a key's rows come in one order: from one split, over one channel. */
const orderly = (life: Drawn): Drawn =>
  life.query === 'timers'
    ? { ...life, left: life.left.slice(0, 1), right: [], steps: life.steps.filter((step) => step !== 'rebalance') }
    : life;

async function liveOut(drawnLife: Drawn, sabotage?: Sabotage): Promise<Outcome> {
  const life = orderly(drawnLife);
  const random = seededRandom(life.seed);
  const world = new World();
  const watermarked = (name: string, splits: Drawn['left']): Timed =>
    splitSource(name, splits, random).withWatermark('at' as never, ms(life.delay)) as unknown as Timed;
  const inputs = [watermarked('left', life.left), ...(life.right.length === 0 ? [] : [watermarked('right', life.right)])];
  const all = stepped(inputs.length === 1 ? inputs[0]! : inputs[0]!.union(inputs[1]!), life.steps);
  const rows = plainly([...stamped(life.left, life.delay), ...stamped(life.right, life.delay)], life.steps);
  const breaks = sabotage ?? (life.abortEvery === 0 ? undefined : { abortEvery: life.abortEvery });
  const run = (outputs: ReturnType<typeof output>[]): Promise<LifeReport> =>
    live({ outputs, random, crashes: life.crashes, ...(breaks === undefined ? {} : { sabotage: breaks }) });

  switch (life.query) {
    case 'window': {
      const { size, slide, offset } = life.shape;
      const windows = all.groupBy(window('at', ms(size), { slide: ms(slide), offset: ms(offset) }), 'k').agg(aggregated());
      const report = await run([output(windows, world.sink('results')), output(windows.late(), world.sink('late'))]);
      const plain = windowed(rows, life.shape);
      return {
        life: report,
        late: plain.late.length,
        actual: [
          ...sorted(collected(world.rows('results'))),
          ...sorted(world.rows('late').map(({ k, v, at }: Partial<Row>) => ({ k, v, at }))),
        ],
        expected: [...sorted(plain.results), ...sorted(plain.late.map(({ k, v, at }) => ({ k, v, at })))],
      };
    }
    case 'running': {
      const report = await run([output(all.groupBy('k').agg(aggregated()), world.sink('results'), 'update')]);
      return {
        life: report,
        late: 0,
        actual: sorted(collected(lastPerKey(world.rows('results')))),
        expected: sorted(grouped(rows)),
      };
    }
    case 'whole': {
      const report = await run([output(all.groupBy('k').agg(aggregated()), world.sink('results'), 'complete')]);
      return { life: report, late: 0, actual: sorted(collected(world.table('results'))), expected: sorted(grouped(rows)) };
    }
    case 'reduce': {
      const greatest = all.keyBy('k').reduce((a, b) => (Math.max(a.at, b.at) === a.at ? a : b));
      const report = await run([output(greatest, world.sink('results'), 'update')]);
      const latest = new Map<string | null, number>();
      for (const { row } of rows) latest.set(row.k, Math.max(latest.get(row.k) ?? Number.NEGATIVE_INFINITY, row.at));
      return {
        life: report,
        late: 0,
        actual: sorted(lastPerKey(world.rows('results')).map((row) => ({ k: (row as Row).k, at: (row as Row).at }))),
        expected: sorted([...latest].map(([k, at]) => ({ k, at }))),
      };
    }
    case 'timers': {
      const after = 15;
      const due = all.keyBy('k').process({
        state: { seen: state.value(t.number) },
        emits: Counted,
        onRow(row, ctx) {
          ctx.state.seen.set((ctx.state.seen.get() ?? 0) + 1);
          ctx.setTimer(row.at + after);
        },
        onTimer(at, { key, state: { seen }, emit }) {
          emit({ k: key, nth: seen.get() ?? 0, at });
        },
      });
      const report = await run([output(due, world.sink('results'))]);
      return { life: report, late: 0, actual: sorted(world.rows('results')), expected: sorted(timers(rows, after)) };
    }
    case 'process': {
      const numbered = all.keyBy('k').process({
        state: { seen: state.value(t.number), times: state.map(t.number, t.number) },
        emits: Counted,
        onRow(row, { key, state, emit }) {
          const nth = (state.seen.get() ?? 0) + 1;
          state.seen.set(nth);
          const times = (state.times.get(row.at) ?? 0) + 1;
          state.times.set(row.at, times);
          emit({ k: key, nth, at: times });
        },
      });
      const report = await run([output(numbered, world.sink('results'))]);
      const perKey = new Map<string | null, number>();
      const perTime = new Map<string, number>();
      const nths: object[] = [];
      const ats: object[] = [];
      for (const { row } of rows) {
        perKey.set(row.k, (perKey.get(row.k) ?? 0) + 1);
        nths.push({ k: row.k, nth: perKey.get(row.k) });
        const id = shown([row.k, row.at]);
        perTime.set(id, (perTime.get(id) ?? 0) + 1);
        ats.push({ k: row.k, at: perTime.get(id) });
      }
      // Which row of a key came first may differ; how many there were, in all and of each time, may not.
      const results = world.rows('results') as { k: string | null; nth: number; at: number }[];
      return {
        life: report,
        late: 0,
        actual: [...sorted(results.map(({ k, nth }) => ({ k, nth }))), ...sorted(results.map(({ k, at }) => ({ k, at })))],
        expected: [...sorted(nths), ...sorted(ats)],
      };
    }
  }
}

describe('a random pipeline', () => {
  test('gives the plain answer, whatever happens to it', { timeout: 3_600_000 }, async () => {
    const seen = new Map<string, number>();
    const saw = (what: string, is = true): void => void (is && seen.set(what, (seen.get(what) ?? 0) + 1));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(drawn, async (life) => {
        const { actual, expected, late, life: report } = await liveOut(life);
        expect(actual).toEqual(expected);
        runs++;
        for (const trait of traits(life)) saw(trait);
        saw(`query ${life.query}`);
        saw('late rows', late > 0);
        saw('a crash', report.crashes > 0);
        saw('a restore', report.restores > 0);
        saw('an aborted epoch', report.aborted > 0);
        saw('a restore at another parallelism', report.restores > 0 && report.parallelisms.size > 1);
      }),
      { numRuns: lives, seed, endOnFailure: false },
    );
    console.log(`${runs} lives: ${[...seen].map(([what, n]) => `${what} ${Math.round((100 * n) / runs)} %`).join(', ')}`);
    const wanted = [
      'nulls',
      '-0',
      'doubles',
      'equal timestamps',
      "rows on a window's end",
      'negative times',
      'empty input',
      'a single key',
      'a crash',
      'a restore',
      'an aborted epoch',
      'a restore at another parallelism',
      'query window',
      'query running',
      'query whole',
      'query reduce',
      'query process',
      'query timers',
    ];
    expect(wanted.filter((what) => !seen.has(what))).toEqual([]);
    expect(seen.get('two or more splits')! / runs).toBeGreaterThanOrEqual(0.5);
    expect(seen.get('late rows')! / runs).toBeGreaterThanOrEqual(1 / 3);
  });

  test.each(['offset-after-barrier', 'drop-aborted-dirty'] as const)(
    'is seen to go wrong with %s',
    { timeout: 120_000 },
    async (name) => {
      let wrong = 0;
      for (const life of fc.sample(drawn, { numRuns: 40, seed })) {
        const { actual, expected } = await liveOut({ ...life, crashes: 3, query: 'running' }, { break: name, abortEvery: 2 });
        if (shown(actual) !== shown(expected)) wrong++;
      }
      expect(wrong).toBeGreaterThan(0);
    },
  );
});

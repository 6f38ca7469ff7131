/** Queries by key: reduce, process, timers, each with its plain answer. */
import { schema, state, t, timestamp, window } from '../../src/api/index.ts';
import { type Query, same, samePerKey } from './experiment.ts';
import { output } from './life.ts';
import { type Row, shown, type Stamped } from './plain.ts';
import { timerRules, timers as plainTimers } from './plain-timers.ts';
import type { World } from './world.ts';

type Reducer = (a: Row, b: Row) => Row;

const Numbered = schema({ k: t.string.nullable(), nth: t.number, times: t.number, latest: t.number });
const Lapped = schema({ k: t.string.nullable(), nth: t.number, places: t.number });
const Due = schema({ k: t.string.nullable(), at: t.eventTime });
const Happened = schema({ k: t.string.nullable(), nth: t.number, at: t.number, what: t.string, seenAt: t.number });

const reduced = (rows: readonly Row[], fn: Reducer): Row[] => {
  const keys = new Map<string | null, Row>();
  for (const row of rows) keys.set(row.k, keys.has(row.k) ? fn(keys.get(row.k)!, row) : row);
  return [...keys.values()];
};
const ofRow = ({ k, v, s, at }: Row): Row => ({ k, v, s, at });
const lastPerKey = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [row.k, row])).values()];

function reducing(fn: Reducer): Query {
  return async (experiment) => {
    const { life, stream, rows, world } = experiment;
    const modes = [...new Set(life.modes.map((mode) => (mode === 'append' ? 'update' : mode)))];
    const results = stream.keyBy('k').reduce(fn as never);
    const report = await experiment.run(modes.map((mode) => output(results, world.sink(mode), mode, life.every)));
    const expected = reduced(
      rows.map(({ row }) => row),
      fn,
    ).map(ofRow);
    const actual = (mode: 'update' | 'complete', of: World): Row[] =>
      mode === 'update' ? lastPerKey(of.rows<Row>(mode)) : ((of.epochs(mode).at(-1)?.rows ?? []) as Row[]);
    return {
      life: report,
      late: 0,
      findings: modes.map((mode) => same(mode, actual(mode as 'update', world).map(ofRow), expected)),
    };
  };
}

/** The same whatever the order of the rows. */
const reduce = reducing((a, b) => (shown([a.at, a.s, a.v]) >= shown([b.at, b.s, b.v]) ? a : b));
/** Tells every order from every other. It cuts no character in two: a column without a type keeps no lone surrogate. */
const fold = reducing((a, b) => ({
  ...b,
  v: ((a.v ?? 1) * 3 + (b.v ?? 2)) % 1009,
  s: Array.from(a.s + b.s)
    .slice(-5)
    .join(''),
}));

const process: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const numbered = stream
    .keyBy((row) => [row.k, 'x'] as const)
    .process({
      state: { seen: state.value(t.number), times: state.map(t.number, t.number) },
      emits: Numbered,
      onRow(row, ctx) {
        const nth = (ctx.state.seen.get() ?? 0) + 1;
        ctx.state.seen.set(nth);
        const times = (ctx.state.times.get(row.at) ?? 0) + 1;
        ctx.state.times.set(row.at, times);
        ctx.emit({ k: ctx.key[0] ?? null, nth, times, latest: Math.max(...[...ctx.state.times].map(([at]) => at)) });
      },
    });
  const report = await experiment.run([output(numbered, world.sink('append'))]);
  const seen = new Map<string | null, Map<number, number>>();
  const expected: { k: string | null; nth: number; times: number; latest: number }[] = [];
  for (const { row } of rows) {
    const times = seen.get(row.k) ?? new Map<number, number>();
    seen.set(row.k, times);
    times.set(row.at, (times.get(row.at) ?? 0) + 1);
    const nth = [...times.values()].reduce((a, b) => a + b);
    expected.push({ k: row.k, nth, times: times.get(row.at)!, latest: Math.max(...times.keys()) });
  }
  // Which row of a key comes first depends on arrival, if there are several inputs; how many there are does not.
  const results = world.rows<(typeof expected)[number]>('append');
  const numbers = (of: typeof expected): object[] => of.map(({ k, nth }) => ({ k, nth }));
  const repeats = (of: typeof expected): object[] => of.map(({ k, times }) => ({ k, times }));
  return {
    life: report,
    late: 0,
    findings: [
      samePerKey('numbers, in order', numbers(results), numbers(expected)),
      same('repeats', repeats(results), repeats(expected)),
      ...(experiment.inOrder ? [samePerKey('all, in order', results, expected)] : []),
    ],
  };
};

const laps = 3;
/** What a key has kept is all cleared with each third row, whatever the order they come in. */
const clearing: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const counted = stream.keyBy('k').process({
    state: { lap: state.value(t.number), places: state.map(t.number, t.number) },
    emits: Lapped,
    onRow(_row, ctx) {
      const { lap, places } = ctx.state;
      const nth = (lap.get() ?? 0) + 1;
      places.delete(nth - 1);
      places.set(nth, nth);
      ctx.emit({ k: ctx.key, nth, places: places.size });
      if (nth < laps) return lap.set(nth);
      lap.clear();
      places.clear();
    },
  });
  const report = await experiment.run([output(counted, world.sink('append'))]);
  const seen = new Map<string | null, number>();
  const expected = rows.map(({ row }) => {
    const before = seen.get(row.k) ?? 0;
    seen.set(row.k, before + 1);
    return { k: row.k, nth: (before % laps) + 1, places: 1 };
  });
  return { life: report, late: 0, findings: [samePerKey('laps, in order', world.rows('append'), expected)] };
};

const timers: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const { after, takesBack, again } = timerRules;
  const happened = stream.keyBy('k').process({
    state: { seen: state.value(t.number), repeated: state.map(t.string, t.number) },
    emits: Happened,
    onRow(row, ctx) {
      const nth = (ctx.state.seen.get() ?? 0) + 1;
      ctx.state.seen.set(nth);
      if (row.v === null) ctx.deleteTimer(timestamp(row.at - takesBack + after));
      else ctx.setTimer(timestamp(row.at + after));
      ctx.emit({ k: ctx.key, nth, at: row.at, what: 'row', seenAt: ctx.watermark });
    },
    onTimer(at, ctx) {
      const nth = ctx.state.seen.get() ?? 0;
      ctx.emit({ k: ctx.key, nth, at, what: 'timer', seenAt: 0 });
      if (nth % 2 !== 0 || (ctx.state.repeated.get('up to') ?? 0) >= nth) return;
      ctx.state.repeated.set('up to', nth);
      ctx.setTimer(timestamp(at + again));
    },
  });
  const due = stream.keyBy('k').process({
    emits: Due,
    onRow(row, ctx) {
      if (row.at + after > ctx.watermark) ctx.setTimer(timestamp(row.at + after));
    },
    onTimer: (at, ctx) => ctx.emit({ k: ctx.key, at }),
  });
  const dueIn = due.groupBy(window('at', `${life.shape.size} ms`), 'k').count();
  const report = await experiment.run([
    output(happened, world.sink('append')),
    output(dueIn, world.sink('due')),
    output(due.late(), world.sink('broken promises')),
    output(dueIn.late(), world.sink('late')),
  ]);
  return {
    life: report,
    late: 0,
    findings: [
      samePerKey('rows and timers', world.rows('append'), plainTimers(rows)),
      same('due', world.rows('due'), plainDue(rows, after, life.shape.size)),
      same('late', [...world.rows('broken promises'), ...world.rows('late')], []),
    ],
  };
};

/** Of each window and key, how many times have come at which something was due. */
function plainDue(rows: readonly Stamped[], after: number, size: number): object[] {
  const times = new Map<string, { readonly k: string | null; readonly start: number }>();
  for (const { row, stamp } of rows) {
    const at = row.at + after;
    if (at > stamp) times.set(JSON.stringify([row.k, at]), { k: row.k, start: Math.floor(at / size) * size });
  }
  const windows = new Map<string, { window: { start: number; end: number }; k: string | null; count: number }>();
  for (const { k, start } of times.values()) {
    const key = JSON.stringify([k, start]);
    const known = windows.get(key) ?? { window: { start, end: start + size }, k, count: 0 };
    windows.set(key, { ...known, count: known.count + 1 });
  }
  return [...windows.values()];
}

export const keyed = { reduce, fold, process, clearing, timers } as const;

/**
 * Jobs whose own functions refuse rows: each must come out among the dead letters, once, and change nothing else. Stateless functions
 * set it aside at once; stateful ones fail, and run guarded from then on: what they had changed by the row that they refuse is undone.
 */
import { aggregate, count, schema, state, t, timestamp } from '../../src/api/index.ts';
import { type Experiment, type Finding, Plain, type Query, same, samePerKey, type Timed } from '../golden/experiment.ts';
import { output } from '../golden/life.ts';
import { lateOf, type Row, shown, type Stamped, windowed } from '../golden/plain.ts';
import { windowKey } from '../golden/queries.ts';

/** The name of the dead letters' sink in the world of such a life. */
export const deadLetters = 'dead letters';
export const refusingSteps = ['map', 'filter', 'flatMap'] as const;
type RefusingStep = (typeof refusingSteps)[number];

const between = (v: number | null, least: number, most: number): boolean =>
  v !== null && Number.isInteger(v) && v >= least && v <= most;
/** By the function that says what a row's key is. */
const hasNoKey = ({ v }: Row): boolean => between(v, 11, 12);
/** By whatever else. */
const isRefused = ({ v }: Row): boolean => between(v, 13, 16);
const accepted = (rows: readonly Stamped[]): Stamped[] => rows.filter(({ row }) => !isRefused(row));
const refuse = (what: string): never => {
  throw new Error(`${what} is refused`);
};

/** The same experiment behind a stateless function that refuses rows. */
export function refusingStep(experiment: Experiment, step: RefusingStep): Experiment {
  const { stream, rows, splits } = experiment;
  const check = <R>(row: R): R => (isRefused(row as Row) ? refuse('the row') : row);
  const behind = {
    map: () => stream.map((row) => check(row), Plain),
    filter: () => stream.filter((row) => check(row) === row),
    flatMap: () => stream.flatMap((row) => [check(row)], Plain),
  };
  return {
    ...experiment,
    stream: behind[step]() as Timed,
    rows: accepted(rows),
    splits: splits.map((of) => of.filter((row) => !isRefused(row))),
  };
}

/** What was set aside, against the rows that are refused. */
export function setAside({ world }: Experiment, rows: readonly Stamped[]): Finding {
  const refused = rows.filter(({ row }) => isRefused(row)).map(({ row }) => row);
  return same('dead letters', dead(world).map(onlyRow), refused.map(onlyRow));
}

const dead = (world: Experiment['world']): object[] =>
  world.rows<{ bytes: Uint8Array }>(deadLetters).map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as object);
const onlyRow = (row: object): Row => {
  const { k, v, s, at } = row as Row;
  return { k, v, s, at };
};

// ── a function over rows and timers

const Rung = schema({ k: t.string.nullable(), nth: t.number, places: t.number, rung: t.number.nullable() });
const ringsAfter = 15;
/** A refused row would set this one, which nobody may ever hear. */
const neverAfter = 16.5;
const isRefusedTimer = (at: number): boolean => at % 5 === 0;

const refusingProcess: Query = async (experiment) => {
  const { stream, rows, world } = experiment;
  const seen = stream
    .keyBy((row) => (hasNoKey(row as Row) ? refuse('the key') : row.k))
    .process({
      state: { nth: state.value(t.number), places: state.map(t.number, t.number) },
      emits: Rung,
      onRow(row, { key, state: { nth, places }, emit, setTimer }) {
        const next = (nth.get() ?? 0) + 1;
        const isBad = isRefused(row as Row);
        nth.set(next);
        places.delete(next - 1);
        places.set(next, next);
        setTimer(timestamp(row.at + (isBad ? neverAfter : ringsAfter)));
        emit({ k: key, nth: next, places: places.size, rung: null });
        if (isBad) refuse('the row');
      },
      onTimer(at, { key, state: { nth }, emit }) {
        if (isRefusedTimer(at)) nth.set(-1000);
        emit({ k: key, nth: 0, places: 0, rung: at });
        if (isRefusedTimer(at)) refuse('the timer');
      },
    });
  const report = await experiment.run([output(seen, world.sink('append'))]);
  const found = world.rows<{ k: string | null; nth: number; places: number; rung: number | null }>('append');
  const good = accepted(rows).filter(({ row }) => !hasNoKey(row));
  const timers = good.map(({ row: { k, at } }) => ({ k, at: at + ringsAfter }));
  const letters = dead(world) as (Row & { timer?: number; key?: string })[];
  return {
    life: report,
    late: 0,
    findings: [
      samePerKey('rows, in order', numbers(found.filter(({ rung }) => rung === null)), numbered(good)),
      // One that comes late may set a timer again that rang before.
      once(
        'timers',
        found.filter(({ rung }) => rung !== null).map(({ k, rung }) => ({ k, at: rung! })),
        timers.filter(({ at }) => !isRefusedTimer(at)),
      ),
      once(
        'refused timers',
        letters.filter(({ timer }) => timer !== undefined).map(({ timer }) => timer!),
        timers.filter(({ at }) => isRefusedTimer(at)).map(({ at }) => at),
      ),
      same(
        'dead letters',
        letters.filter(({ timer }) => timer === undefined).map(onlyRow),
        rows.filter(({ row }) => isRefused(row) || hasNoKey(row)).map(({ row }) => onlyRow(row)),
      ),
    ],
  };
};

const numbers = (rows: readonly { k: string | null; nth: number; places: number }[]): object[] =>
  rows.map(({ k, nth, places }) => ({ k, nth, places }));

function numbered(rows: readonly Stamped[]): object[] {
  const seen = new Map<string | null, number>();
  return rows.map(({ row: { k } }) => {
    const nth = (seen.get(k) ?? 0) + 1;
    seen.set(k, nth);
    return { k, nth, places: 1 };
  });
}

function once(what: string, actual: readonly unknown[], expected: readonly unknown[]): Finding {
  const distinct = (all: readonly unknown[]): unknown[] => [...new Set(all.map(shown))];
  return same(what, distinct(actual), distinct(expected));
}

// ── an aggregate

const wary = aggregate({
  state: t.struct({ n: t.number }),
  create: () => ({ n: 0 }),
  accumulate: (acc, v: number | null) => {
    acc.n++;
    return between(v, 13, 16) ? refuse('the value') : acc;
  },
  merge: (a, b) => ({ n: a.n + b.n }),
  result: ({ n }) => n,
});

const refusingSums: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const results = stream.groupBy(windowKey(life.shape), 'k').agg({ n: count(), wary: wary('v') });
  const report = await experiment.run([output(results, world.sink('append')), output(results.late(), world.sink('late'))]);
  const late = lateOf(rows, life.shape);
  const expected = windowed(accepted(rows), life.shape).map(({ window: of, k, n }) => ({ window: of, k, n, wary: n }));
  return {
    life: report,
    late: late.length,
    findings: [
      same('append', world.rows('append'), expected),
      same(
        'late rows',
        world.rows('late').map(onlyRow),
        late.map(({ row }) => onlyRow(row)),
      ),
      setAside(
        experiment,
        rows.filter((row) => !late.includes(row)),
      ),
    ],
  };
};

export const refusing = { 'refusing process': refusingProcess, 'refusing sums': refusingSums } as const;

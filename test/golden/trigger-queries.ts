/** Global windows with triggers, with their plain answers. */
import { count, globalWindow, type Stream, state, sum, t, windowTrigger } from '../../src/api/index.ts';
import type { OutputMode } from '../../src/plan/index.ts';
import { type Experiment, type Finding, type Query, same, samePerKey, sameSequence, type Verdict } from './experiment.ts';
import { output } from './life.ts';
import { aggregates, ascending, grouped, keysOf, shown } from './plain.ts';
import { byRules, byText, type Fired, firedBy, patience, type PlainRules } from './plain-triggers.ts';
import { aggregated, published, type Result } from './queries.ts';

type Results = Stream<Result & { readonly k: string | null }>;
const resultOf = ({ key, rows }: Fired): object => ({ ...keysOf(key, ['k']), ...aggregates(rows) });
const lastPerKey = (rows: readonly object[]): object[] => [
  ...new Map(rows.map((row) => [shown((row as { k: unknown }).k), row])).values(),
];

/** What is kept is written in update and complete, and aggregated once more; what is purged in append. */
async function lived(experiment: Experiment, results: Results, keep: boolean, fired: readonly Fired[]): Promise<Verdict> {
  const { life, world } = experiment;
  const expected = fired.map(resultOf);
  if (!keep) {
    const report = await experiment.run([output(results, world.sink('append'))]);
    return { life: report, late: 0, findings: [samePerKey('append', world.rows('append'), expected)] };
  }
  const modes = life.modes.filter((mode) => mode !== 'append');
  const again = results.groupBy().agg({ groups: count(), rows: sum('n') });
  const report = await experiment.run([
    ...modes.map((mode) => output(results, world.sink(mode), mode, life.every)),
    output(again, world.sink('again'), 'update'),
  ]);
  const table = lastPerKey(expected) as Result[];
  const total = table.length === 0 ? [] : [{ groups: table.length, rows: table.reduce((n, row) => n + row.n, 0) }];
  const found = (mode: OutputMode): object[] =>
    mode === 'update' ? lastPerKey(world.rows('update')) : [...(world.epochs('complete').at(-1)?.rows ?? [])];
  const said = new Set(expected.map(shown));
  return {
    life: report,
    late: 0,
    findings: [
      ...modes.map((mode) => same(mode, found(mode), table)),
      ...modes.map((mode) =>
        sameSequence(
          `${mode}: never was`,
          world.rows(mode).filter((row) => !said.has(shown(row))),
          [],
        ),
      ),
      same('aggregated again', world.rows('again').slice(-1), total),
    ],
  };
}

/** What goes out when follows from the order in which rows arrive: one split, in its order (see `fitting`). */
const triggers: Query = async (experiment) => {
  const { life, stream, rows } = experiment;
  const { seed } = life;
  const keep = !life.modes.includes('append');
  const rules: PlainRules = {
    rows: seed % 3 === 0 ? Infinity : 1 + (seed % 5),
    marked: seed % 2 === 0,
    after: seed % 4 < 2 ? seed % 11 : undefined,
    atEnd: seed % 5 !== 1 || seed % 3 === 0,
  };
  const { rows: most, marked, after, atEnd } = rules;
  const results = stream
    .groupBy((c) => ({
      all: globalWindow({
        trigger: {
          ...(most === Infinity ? {} : { rows: most }),
          ...(marked ? { when: c.v.mod(7).eq(0).orElse(false) } : {}),
          ...(after === undefined ? {} : { eventTime: { of: c.at, after: `${after} ms` as const } }),
          atEnd,
          keep,
        },
      }),
      k: c.k,
    }))
    .agg(aggregated());
  return lived(experiment, results as unknown as Results, keep, firedBy(rows, byRules(rules, keep)));
};

const textTrigger = (keep: boolean) => {
  const fire = keep ? 'emit' : 'emit-and-purge';
  return windowTrigger({
    results: 'running',
    state: { seen: state.value(t.number), texts: state.map(t.string, t.number) },
    onRow({ s, at }: { s: string; at: number }, { state: { seen, texts }, setTimer }) {
      seen.set((seen.get() ?? 0) + 1);
      texts.set(s, (texts.get(s) ?? 0) + 1);
      if (s === 'a') return fire;
      if (s === 'z') return 'purge';
      setTimer(at + patience);
      return 'continue';
    },
    onTimer: () => fire,
  })(['s', 'at']);
};
/** The same, of which every result is final. */
const finalTextTrigger = windowTrigger({
  state: { seen: state.value(t.number) },
  onRow({ s, at }: { s: string; at: number }, { state: { seen }, setTimer }) {
    seen.set((seen.get() ?? 0) + 1);
    setTimer(at + patience);
    return s === 'a' ? 'emit-and-purge' : s === 'z' ? 'purge' : 'continue';
  },
  onTimer: () => 'emit-and-purge',
})(['s', 'at']);

const ownTriggers: Query = async (experiment) => {
  const { life, stream, rows } = experiment;
  const keep = !life.modes.includes('append');
  const trigger = keep ? textTrigger(life.seed % 2 === 0) : finalTextTrigger;
  const results = stream.groupBy(globalWindow({ trigger }) as never, 'k').agg(aggregated());
  return lived(experiment, results as unknown as Results, keep, firedBy(rows, byText(keep && life.seed % 2 === 0)));
};

/** So many rows, or fewer after a moment on the clock, and the rest at the end: whatever the order of the splits, each row is in one of them. */
const batches: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const most = 2 + (life.seed % 4);
  const clocked = life.seed % 2 === 0;
  const trigger = { rows: most, atEnd: true, ...(clocked ? { processingTime: '5 ms' as const } : {}) };
  const purged = stream.groupBy(globalWindow({ trigger }), 'k').agg(aggregated());
  const kept = stream.groupBy(globalWindow({ trigger: { ...trigger, keep: true } }), 'k').agg(aggregated());
  const modes = life.modes.map((mode) => (mode === 'append' ? 'update' : mode));
  const report = await experiment.run([
    output(purged, world.sink('append')),
    ...[...new Set(modes)].map((mode) => output(kept, world.sink(mode), mode, life.every)),
  ]);
  const found = world.rows<Result & { readonly k: string | null }>('append');
  const all = grouped(rows) as (Result & { readonly k: string | null })[];
  const sizes = (n: number): number[] => [...Array<number>(Math.floor(n / most)).fill(most), ...(n % most > 0 ? [n % most] : [])];
  const findings: Finding[] = [
    samePerKey(
      'values',
      all.map(({ k }) => ({ k, all: ascending(found.filter((row) => shown(row.k) === shown(k)).flatMap((row) => row.all)) })),
      all.map((row) => ({ k: row.k, all: ascending(row.all) })),
    ),
    clocked
      ? sameSequence(
          'of more rows than there may be, or of none',
          found.filter(({ n }) => n < 1 || n > most),
          [],
        )
      : same(
          'sizes',
          found.map(({ k, n }) => ({ k, n })),
          all.flatMap(({ k, n }) => sizes(n).map((size) => ({ k, n: size }))),
        ),
  ];
  return { life: report, late: 0, findings: [...findings, ...modes.flatMap((mode) => published(experiment, mode, all))] };
};

export const triggering = { triggers, ownTriggers, batches } as const;

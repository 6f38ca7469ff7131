/** First rows of each group, with their plain answer. They are compared by all that they have, so that arrival decides nothing. */
import { type Stream, window } from '../../src/api/index.ts';
import type { OutputMode } from '../../src/plan/index.ts';
import { type Experiment, type Finding, type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { ascending, type KeyColumn, keysOf, type Row, shown, windowsOf, type Span } from './plain.ts';
import { timedKeys } from './queries.ts';

type Ranked = Row & { readonly window?: { readonly start: number; readonly end: number }; readonly rank: number };

const order = { by: ['v', 'at', 's', 'k'], order: ['desc', 'asc', 'desc', 'asc'] } as const;
const rows = 3;

function compareTexts(a: string | null, b: string | null): number {
  if (a === b) return 0;
  return b === null || (a !== null && a < b) ? -1 : 1;
}

function compare(a: Row, b: Row): number {
  if (!Object.is(a.v, b.v)) {
    if (a.v === null || b.v === null) return a.v === null ? 1 : -1;
    return Object.is(ascending([a.v, b.v])[0], a.v) ? 1 : -1;
  }
  return a.at - b.at || compareTexts(b.s, a.s) || compareTexts(a.k, b.k);
}

const groupOf = (row: Ranked, keys: readonly KeyColumn[]): string => shown([row.window, keysOf(row, keys), row.rank]);

/** Its keys are those of the group, in which -0 is 0. */
function ranked(of: readonly Row[], keys: readonly KeyColumn[]): object[] {
  return of
    .toSorted(compare)
    .slice(0, rows)
    .map(({ k, v, s, at }, i) => ({ ...keysOf({ k, v, s, at }, keys), ...without({ k, v, s, at }, keys), rank: i + 1 }));
}
/** In which order columns come follows from the steps before. */
const inOrder = (row: object): object => Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const without = (row: Row, keys: readonly KeyColumn[]): object =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !keys.includes(name as KeyColumn)));

/** Rows of mode update that are behind what had their rank before. A key does not tell -0 from 0. */
function worse(actual: readonly Ranked[], keys: readonly KeyColumn[]): string[] {
  if (keys.includes('v')) return [];
  const best = new Map<string, Ranked>();
  return actual.flatMap((row) => {
    const group = groupOf(row, keys);
    const before = best.get(group);
    best.set(group, row);
    return before !== undefined && compare(row, before) > 0 ? [`${group}: ${shown(row)} after ${shown(before)}`] : [];
  });
}

function found({ world }: Experiment, mode: OutputMode, keys: readonly KeyColumn[], expected: readonly object[]): Finding[] {
  const all = mode === 'complete' ? ((world.epochs(mode).at(-1)?.rows ?? []) as Ranked[]) : world.rows<Ranked>(mode);
  const last = mode === 'update' ? [...new Map(all.map((row) => [groupOf(row, keys), row])).values()] : all;
  return [
    same(mode, last.map(inOrder), expected.map(inOrder)),
    ...(mode === 'update' ? [sameSequence('ranks that get worse', worse(all, keys), [])] : []),
  ];
}

/** Of each window. */
const ofWindows: Query = async (experiment) => {
  const { life, stream, world } = experiment;
  const keys = timedKeys(life.keys);
  const { size, slide, offset } = life.shape;
  const shape = { size, slide, offset };
  const over = window('at', `${size} ms`, { slide: `${slide} ms`, offset: `${offset} ms` });
  const results = stream.groupBy(over as never, ...(keys as 'k'[])).top(rows, order as never) as unknown as Stream<object>;
  const report = await experiment.run(life.modes.map((mode) => output(results, world.sink(mode), mode, life.every)));
  const groups = new Map<string, { readonly span: Span; readonly of: Row[] }>();
  let late = 0;
  // Of tables that are written whole nothing is final.
  const takesAll = life.modes.every((mode) => mode === 'complete');
  for (const { row, stamp } of experiment.rows) {
    const spans = windowsOf(row.at, shape).filter(({ end }) => takesAll || end > stamp);
    if (spans.length === 0) late++;
    for (const span of spans) {
      const id = shown([span, keysOf(row, keys)]);
      const group = groups.get(id) ?? { span, of: [] };
      groups.set(id, group);
      group.of.push(row);
    }
  }
  const expected = [...groups.values()].flatMap(({ span, of }) => ranked(of, keys).map((row) => ({ window: span, ...row })));
  return { life: report, late, findings: life.modes.flatMap((mode) => found(experiment, mode, keys, expected)) };
};

/** Of each key, for ever. */
const best: Query = async (experiment) => {
  const { life, stream, world } = experiment;
  const keys = timedKeys(life.keys);
  const modes = [...new Set(life.modes.map((mode) => (mode === 'append' ? 'update' : mode)))];
  const results = stream.groupBy(...(keys as 'k'[])).top(rows, order as never) as unknown as Stream<object>;
  const report = await experiment.run(modes.map((mode) => output(results, world.sink(mode), mode, life.every)));
  const groups = new Map<string, Row[]>();
  for (const { row } of experiment.rows) {
    const id = shown(keysOf(row, keys));
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  const expected = [...groups.values()].flatMap((of) => ranked(of, keys));
  return { life: report, late: 0, findings: modes.flatMap((mode) => found(experiment, mode, keys, expected)) };
};

export const tops = { tops: ofWindows, best } as const;

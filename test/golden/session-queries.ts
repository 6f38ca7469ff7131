/** Aggregations by sessions, with their plain answer. */
import { call, sessionWindow, type Stream, t } from '../../src/api/index.ts';
import type { OutputMode } from '../../src/plan/index.ts';
import { type Experiment, type Finding, type Query, same, sameSequence } from './experiment.ts';
import { output } from './life.ts';
import { aggregates, ascending, type KeyColumn, type Row, shown } from './plain.ts';
import { type GapOf, lateForSessions, type SessionResult, sessionsOf, type Whole, wholesOf } from './plain-sessions.ts';
import { aggregated, groupOf, onlyRows, timedKeys } from './queries.ts';
import type { PublishedEpoch } from './world.ts';

type Published = SessionResult & { readonly takenBack?: true };

/** By the row: none at all, short ones, long ones. */
const gapOfText = (s: string): number => (s === '' ? 0 : s === 'a' ? -3 : s.length === 1 ? 6 : 13);

/** The table that updates leave, and what was taken back without having been there. */
function tableOf(epochs: readonly PublishedEpoch[]): { readonly rows: SessionResult[]; readonly wrong: string[] } {
  const table = new Map<string, SessionResult>();
  const wrong: string[] = [];
  for (const { epoch, rows } of epochs)
    for (const row of rows as Published[]) {
      const group = groupOf(row);
      if (row.takenBack !== true) table.set(group, row);
      else if (!table.delete(group)) wrong.push(`epoch ${epoch}: ${group} was not there`);
    }
  return { rows: [...table.values()], wrong };
}

const inOrderOfValues = ({ all, ...row }: SessionResult): object => ({ ...row, all: ascending(all) });
/** Sums and means are exact only over the values of one session: of several pieces they say nothing. */
const additive = (row: SessionResult): object => {
  const { total: _total, mean: _mean, least: _least, most: _most, first: _first, ...rest } = row;
  return { ...rest, all: ascending(row.all) };
};

/** Pieces of what would be whole in another order of the rows, put together. */
function putTogether(pieces: readonly SessionResult[], wholes: readonly Whole[], keys: readonly KeyColumn[]): object[] {
  const keyOf = (row: object): string => shown(keys.map((name) => (row as Row)[name]));
  const isPart = (piece: SessionResult, whole: Whole): boolean =>
    keyOf(piece) === keyOf(whole) && piece.window.start >= whole.window.start && piece.window.end <= whole.window.end;
  const left = pieces.filter((piece) => !wholes.some((whole) => isPart(piece, whole)));
  const made = wholes.flatMap((whole) => {
    const parts = pieces.filter((piece) => isPart(piece, whole));
    if (parts.length === 0) return [];
    const window = {
      start: Math.min(...parts.map((part) => part.window.start)),
      end: Math.max(...parts.map((part) => part.window.end)),
    };
    const sum = (of: (part: SessionResult) => number): number => parts.reduce((total, part) => total + of(part), 0);
    const one = {
      ...parts[0]!,
      window,
      n: sum(({ n }) => n),
      weight: sum(({ weight }) => weight),
      all: parts.flatMap(({ all }) => all),
    };
    return [{ ...additive(one), pieces: whole.isSure ? parts.length : 'any' }];
  });
  return [...made, ...left];
}

/** A session's own numbers must be those of its values. */
function atOdds(rows: readonly SessionResult[]): string[] {
  return rows.flatMap((row) => {
    const { total, mean, least, most } = aggregates([null, ...row.all].map((v) => ({ k: null, v, s: '', at: 0 })));
    const wanted = shown({ total, mean, least, most });
    const is = shown({ total: row.total, mean: row.mean, least: row.least, most: row.most });
    return is === wanted ? [] : [`${groupOf(row)}: ${is}, and its values give ${wanted}`];
  });
}

function findings(experiment: Experiment, mode: OutputMode, gapOf: GapOf, keys: readonly KeyColumn[]): Finding[] {
  const { world, rows, inOrder } = experiment;
  const { rows: found, wrong } =
    mode === 'update'
      ? tableOf(world.epochs('update'))
      : {
          rows: (mode === 'append' ? world.rows('append') : (world.epochs('complete').at(-1)?.rows ?? [])) as SessionResult[],
          wrong: [],
        };
  const odd = [sameSequence(`${mode}: taken back`, wrong, []), sameSequence(`${mode}: at odds`, atOdds(found), [])];
  if (inOrder) return [...odd, same(mode, found, sessionsOf(rows, gapOf, keys))];
  const wholes = wholesOf(rows, gapOf, keys);
  const wanted = wholes.map(({ isSure, ...whole }) => ({ ...additive(whole), pieces: isSure ? 1 : 'any' }));
  return [...odd, same(`${mode}, put together`, putTogether(found, wholes, keys), wanted)];
}

/** Every mode tells of the same sessions. */
function agreeing({ world, life }: Experiment): Finding[] {
  const of = (mode: OutputMode): object[] => {
    if (mode === 'append') return world.rows('append');
    return mode === 'update' ? tableOf(world.epochs('update')).rows : [...(world.epochs('complete').at(-1)?.rows ?? [])];
  };
  const plain = (mode: OutputMode): object[] => (of(mode) as SessionResult[]).map(inOrderOfValues);
  const [first, ...others] = life.modes;
  return others.map((mode) => same(`${mode} tells of what ${first} tells`, plain(mode), plain(first!)));
}

export const sessions: Query = async (experiment) => {
  const { life, stream, rows, world } = experiment;
  const keys = timedKeys(life.keys);
  const gap = life.shape.slide;
  const isOwn = life.seed % 2 === 0;
  const gapOf: GapOf = isOwn ? ({ s }) => gapOfText(s) : () => gap;
  const results = stream
    .groupBy((c) => ({
      window: isOwn ? sessionWindow(c.at, call(gapOfText, c.s).as(t.number)) : sessionWindow(c.at, `${gap} ms`),
      ...Object.fromEntries(keys.map((key) => [key, c[key]])),
    }))
    .agg(aggregated()) as unknown as Stream<SessionResult> & { late(): Stream<Row> };
  // Rows without a schema have no late rows beside a computed gap.
  const takesLate = !(isOwn && life.steps.includes('untyped'));
  const report = await experiment.run([
    ...life.modes.map((mode) => output(results, world.sink(mode), mode, life.every)),
    ...(takesLate ? [output(results.late(), world.sink('late'))] : []),
  ]);
  const late = lateForSessions(rows, gapOf);
  return {
    life: report,
    late: late.length,
    findings: [
      ...life.modes.flatMap((mode) => findings(experiment, mode, gapOf, keys)),
      ...agreeing(experiment),
      ...(takesLate ? [same('late rows', onlyRows(world.rows('late')), onlyRows(late.map(({ row }) => row)))] : []),
    ],
  };
};

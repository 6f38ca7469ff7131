/**
 * Sessions, one record at a time (T6): before a row, those of its key close that end by the row's stamp; then it is late if its own session
 * has ended by then, or joins those that it overlaps or touches. One split, in order; of several, what holds in any order of their rows.
 */
import { type Aggregates, aggregates, type KeyColumn, keysOf, type Row, type Stamped, shown } from './plain.ts';

export type GapOf = (row: Row) => number;
export interface SessionResult extends Aggregates {
  readonly window: { readonly start: number; readonly end: number };
}
interface Open {
  readonly start: number;
  readonly end: number;
  readonly rows: readonly Stamped[];
}

const ownEnd = ({ row }: Stamped, gapOf: GapOf): number => row.at + gapOf(row);
const isIn = (row: Stamped, gapOf: GapOf): boolean => gapOf(row.row) > 0;

/** Rows whose own sessions had ended. A row whose gap is not above 0 is in no session, and not late. */
export function lateForSessions(rows: readonly Stamped[], gapOf: GapOf): Stamped[] {
  return rows.filter((row) => isIn(row, gapOf) && ownEnd(row, gapOf) <= row.stamp);
}

/** The sessions of a key, and those that closed before them. */
function joined(sessions: readonly Open[], row: Stamped, end: number): Open[] {
  const own = { start: row.row.at, end, rows: [row] };
  const touching = sessions.filter((each) => each.start <= own.end && own.start <= each.end);
  const all = [...touching, own];
  const one = {
    start: Math.min(...all.map(({ start }) => start)),
    end: Math.max(...all.map((each) => each.end)),
    rows: all.flatMap((each) => each.rows),
  };
  return [...sessions.filter((each) => !touching.includes(each)), one];
}

function ofKeys<T>(rows: readonly Stamped[], keys: readonly KeyColumn[], of: (rows: readonly Stamped[]) => readonly T[]): T[] {
  const groups = new Map<string, Stamped[]>();
  for (const row of rows) {
    const id = shown(keysOf(row.row, keys));
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  return [...groups.values()].flatMap(of);
}

export function sessionsOf(rows: readonly Stamped[], gapOf: GapOf, keys: readonly KeyColumn[]): SessionResult[] {
  const places = new Map(rows.map((row, i) => [row, i]));
  return ofKeys(rows, keys, (of) => {
    let open: Open[] = [];
    const closed: Open[] = [];
    for (const row of of) {
      if (!isIn(row, gapOf)) continue;
      closed.push(...open.filter(({ end }) => end <= row.stamp));
      open = open.filter(({ end }) => end > row.stamp);
      const end = ownEnd(row, gapOf);
      if (end > row.stamp) open = joined(open, row, end);
    }
    return [...closed, ...open].map((each) =>
      result({ ...each, rows: each.rows.toSorted((a, b) => places.get(a)! - places.get(b)!) }, keys),
    );
  });
}

function result({ start, end, rows }: Open, keys: readonly KeyColumn[]): SessionResult {
  const of = rows.map(({ row }) => row);
  return { window: { start, end }, ...keysOf(of[0]!, keys), ...aggregates(of) };
}

/** What is in one piece if no session closes before all its rows are there. */
export interface Whole extends SessionResult {
  /** It is in one piece, whatever the order of the splits' rows. */
  readonly isSure: boolean;
}

export function wholesOf(rows: readonly Stamped[], gapOf: GapOf, keys: readonly KeyColumn[]): Whole[] {
  const inTime = rows.filter((row) => isIn(row, gapOf) && ownEnd(row, gapOf) > row.stamp);
  return ofKeys(inTime, keys, (of) => {
    const wholes = of.reduce<Open[]>((all, row) => joined(all, row, ownEnd(row, gapOf)), []);
    return wholes.map((whole) => {
      const soonest = Math.min(...whole.rows.map((row) => ownEnd(row, gapOf)));
      return { ...result(whole, keys), isSure: whole.rows.every(({ stamp }) => stamp < soonest) };
    });
  });
}

/** Joins the plain way: every pair of rows that are in time, looked at by itself. */
import type { JoinType } from '../../src/plan/index.ts';
import type { Row, Stamped } from './plain.ts';

export interface AsOfRules {
  readonly how: 'inner' | 'left';
  readonly tolerance: number;
  readonly lateFrom: (row: Row) => number;
}

export interface JoinRules {
  readonly how: JoinType;
  readonly nullSafe: boolean;
  /** When a row is, and the watermark from which it is late. */
  readonly timeOf: (row: Row) => number;
  readonly lateFrom: (row: Row) => number;
  /** Right time - left time. */
  readonly low: number;
  readonly high: number;
  /** What is asked of two rows beside. */
  readonly where: (left: Row, right: Row) => boolean;
}
export interface Pair {
  readonly left: Row | null;
  readonly right: Row | null;
}

export const lateForJoin = (rows: readonly Stamped[], { lateFrom }: JoinRules): Stamped[] =>
  rows.filter(({ row, stamp }) => lateFrom(row) <= stamp);

/** Of a stream with itself, by `k`. */
export function joined(rows: readonly Stamped[], rules: JoinRules): Pair[] {
  const { how, nullSafe, timeOf, lateFrom, low, high, where } = rules;
  const isNone = (row: Row): boolean => row.k === null && !nullSafe;
  const inTime = rows.filter(({ row, stamp }) => lateFrom(row) > stamp).map(({ row }) => ({ ...row }));
  const meet = (left: Row, right: Row): boolean => {
    const apart = timeOf(right) - timeOf(left);
    return left.k === right.k && !isNone(left) && apart >= low && apart <= high && where(left, right);
  };
  const pairs = inTime.flatMap((left) => inTime.filter((right) => meet(left, right)).map((right) => ({ left, right })));
  const lonely = (of: 'left' | 'right'): Pair[] => {
    const matched = new Set(pairs.map((pair) => pair[of]));
    const rest = inTime.filter((row) => !matched.has(row));
    return rest.map((row) => (of === 'left' ? { left: row, right: null } : { left: null, right: row }));
  };
  switch (how) {
    case 'inner':
      return pairs;
    case 'left':
      return [...pairs, ...lonely('left')];
    case 'right':
      return [...pairs, ...lonely('right')];
    case 'full':
      return [...pairs, ...lonely('left'), ...lonely('right')];
    case 'semi':
      return [...new Set(pairs.map(({ left }) => left))].map((left) => ({ left, right: null }));
    case 'anti':
      return lonely('left');
  }
}

/** Each row with the latest version of its `k`, and of equal ones the last in the order of `versions`. */
export function asOfJoined(
  rows: readonly Stamped[],
  versions: readonly Stamped[],
  { how, tolerance, lateFrom }: AsOfRules,
): Pair[] {
  const known = versions.filter(({ row, stamp }) => lateFrom(row) > stamp).map(({ row }) => row);
  const inTime = rows.filter(({ row, stamp }) => lateFrom(row) > stamp).map(({ row }) => row);
  return inTime.flatMap((left): Pair[] => {
    const fitting = known.filter(({ k, at }) => k === left.k && left.k !== null && at <= left.at && at >= left.at - tolerance);
    const right = fitting.reduce<Row | null>((best, row) => (best === null || row.at >= best.at ? row : best), null);
    return right === null && how === 'inner' ? [] : [{ left, right }];
  });
}

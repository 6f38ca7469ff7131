/**
 * What the answer must be, computed the plain way: no batches, no barriers, no parallelism, nothing of the engine's code.
 * Stamps per split, then which rows count, then each window by itself. Sums: plain-sum.ts.
 */
import { exactSum } from './plain-sum.ts';

export interface Row {
  readonly k: string | null;
  readonly v: number | null;
  readonly s: string;
  readonly at: number;
}
export interface Stamped {
  readonly row: Row;
  /** The split's watermark just before the row. */
  readonly stamp: number;
}
export interface WindowShape {
  readonly size: number;
  readonly slide: number;
  readonly offset: number;
  /** Windows that begin together, `size` apart, and end `slide` after each other. */
  readonly cumulative?: boolean;
  /** Takes rows so long after its end. */
  readonly lateness?: number;
}
export type KeyColumn = 'k' | 'v' | 's' | 'at';

export function stamped(splits: readonly (readonly Row[])[], delay: number): Stamped[] {
  return splits.flatMap((rows) => {
    let latest = Number.NEGATIVE_INFINITY;
    return rows.map((row) => {
      const stamp = latest - delay;
      latest = Math.max(latest, row.at);
      return { row, stamp };
    });
  });
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The windows that hold `time`. */
export function windowsOf(time: number, { size, slide, offset, cumulative = false }: WindowShape): Span[] {
  if (cumulative) {
    const start = Math.floor((time - offset) / size) * size + offset;
    const ends = Array.from({ length: size / slide }, (_, i) => start + (i + 1) * slide);
    return ends.filter((end) => end > time).map((end) => ({ start, end }));
  }
  const spans: Span[] = [];
  const last = Math.floor((time - offset) / slide) * slide + offset;
  for (let start = last; start > time - size; start -= slide) spans.push({ start, end: start + size });
  return spans;
}

/** Rows that count in at least one window, with those windows, and rows that count in none. */
function placed(rows: readonly Stamped[], shape: WindowShape): { counted: [Span[], Stamped][]; late: Stamped[] } {
  const all = rows.map((each): [Span[], Stamped] => [
    windowsOf(each.row.at, shape).filter(({ end }) => end + (shape.lateness ?? 0) > each.stamp),
    each,
  ]);
  return {
    counted: all.filter(([open]) => open.length > 0),
    late: all.filter(([open]) => open.length === 0).map(([, row]) => row),
  };
}

export function lateOf(rows: readonly Stamped[], shape: WindowShape): Stamped[] {
  return placed(rows, shape).late;
}

/** Results in the order (window's end, first arrival in it). */
export function windowed(rows: readonly Stamped[], shape: WindowShape, keys: readonly KeyColumn[] = ['k']): WindowResult[] {
  const groups = new Map<string, { of: Span; first: Row; rows: Row[] }>();
  for (const [open, { row }] of placed(rows, shape).counted) {
    for (const of of open) {
      const id = shown([of, keysOf(row, keys)]);
      const group = groups.get(id) ?? { of, first: row, rows: [] };
      group.rows.push(row);
      groups.set(id, group);
    }
  }
  return [...groups.values()]
    .sort((a, b) => a.of.end - b.of.end)
    .map(({ of, first, rows }) => ({
      window: of,
      ...keysOf(first, keys),
      ...aggregates(rows),
    }));
}
export interface WindowResult extends Aggregates {
  readonly window: { readonly start: number; readonly end: number };
  readonly k?: string | null;
}

/** Results in the order of the keys' first arrival. */
export function grouped(rows: readonly Stamped[], keys: readonly KeyColumn[] = ['k']): object[] {
  const groups = new Map<string, Row[]>();
  for (const { row } of rows) {
    const id = shown(keysOf(row, keys));
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  return [...groups.values()].map((of) => ({ ...keysOf(of[0]!, keys), ...aggregates(of) }));
}

/** As a key, -0 is 0. */
export function keysOf(row: Row, keys: readonly KeyColumn[]): Partial<Row> {
  return Object.fromEntries(keys.map((name) => [name, row[name] === 0 ? 0 : row[name]]));
}

export interface Aggregates {
  readonly n: number;
  readonly total: number | null;
  readonly mean: number | null;
  readonly least: number | null;
  readonly most: number | null;
  readonly first: string;
  /** Values in the order of the rows, without nulls. */
  readonly all: readonly number[];
  /** One for each null, two for each value. */
  readonly weight: number;
}

export function aggregates(rows: readonly Row[]): Aggregates {
  const all = rows.map(({ v }) => v).filter((v) => v !== null);
  const n = rows.length;
  const first = rows.map(({ s }) => s).reduce((a, b) => (b < a ? b : a));
  const weight = n + all.length;
  if (all.length === 0) return { n, total: null, mean: null, least: null, most: null, first, all, weight };
  const total = exactSum(all);
  const up = ascending(all);
  return { n, total, mean: total / all.length, least: up[0]!, most: up.at(-1)!, first, all, weight };
}

/** Negative zero before zero, NaN last. */
export function ascending(values: readonly number[]): number[] {
  const rank = (value: number): number => (Number.isNaN(value) ? 1 : 0);
  return values.toSorted((a, b) => {
    if (rank(a) + rank(b) > 0) return rank(a) - rank(b);
    if (a === b) return Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
    return a < b ? -1 : 1;
  });
}

/** A row as text, numbers by their bits. */
export function shown(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) =>
    Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

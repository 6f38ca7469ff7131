/**
 * What the answer must be, computed the plain way: no batches, no barriers, no parallelism, nothing of the engine's code.
 * Stamps per split, then which rows count, then each window by itself; sums exactly, as integers of 2^-1074.
 */
export interface Row {
  readonly k: string | null;
  readonly v: number | null;
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
}

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

/** Starts of the windows that hold `time`. */
export function windowsOf(time: number, { size, slide, offset }: WindowShape): number[] {
  const starts: number[] = [];
  const last = Math.floor((time - offset) / slide) * slide + offset;
  for (let start = last; start > time - size; start -= slide) starts.push(start);
  return starts;
}

export function windowed(rows: readonly Stamped[], shape: WindowShape): { results: object[]; late: Row[] } {
  const groups = new Map<string, { window: { start: number; end: number }; k: string | null; values: (number | null)[] }>();
  const late: Row[] = [];
  for (const { row, stamp } of rows) {
    const open = windowsOf(row.at, shape).filter((start) => start + shape.size > stamp);
    if (open.length === 0) late.push(row);
    for (const start of open) {
      const id = `${start} ${JSON.stringify(row.k)}`;
      const group = groups.get(id) ?? { window: { start, end: start + shape.size }, k: row.k, values: [] };
      group.values.push(row.v);
      groups.set(id, group);
    }
  }
  return { late, results: [...groups.values()].map(({ window, k, values }) => ({ window, k, ...aggregates(values) })) };
}

export function grouped(rows: readonly Stamped[]): object[] {
  const groups = new Map<string | null, (number | null)[]>();
  for (const { row } of rows) groups.set(row.k, [...(groups.get(row.k) ?? []), row.v]);
  return [...groups].map(([k, values]) => ({ k, ...aggregates(values) }));
}

export interface Aggregates {
  readonly n: number;
  readonly total: number | null;
  readonly mean: number | null;
  readonly least: number | null;
  readonly most: number | null;
  /** Values, ascending, without nulls. */
  readonly all: readonly number[];
  /** One for each null, two for each value. */
  readonly weight: number;
}

export function aggregates(values: readonly (number | null)[]): Aggregates {
  const present = values.filter((value) => value !== null);
  const weight = values.length + present.length;
  if (present.length === 0) return { n: values.length, total: null, mean: null, least: null, most: null, all: [], weight };
  const total = exactSum(present);
  const all = ascending(present);
  return { n: values.length, total, mean: total / present.length, least: all[0]!, most: all.at(-1)!, all, weight };
}

/** Negative zero before zero. */
export function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b || (Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1));
}

/** Each row sets a timer `after` its time; a timer fires once its key's next row, or the end, is past it. One split, in order. */
export function timers(rows: readonly Stamped[], after: number): object[] {
  const keys = new Map<string | null, { seen: number; due: Set<number> }>();
  const fired: object[] = [];
  const fire = (k: string | null, until: number): void => {
    const { seen, due } = keys.get(k)!;
    for (const at of [...due].filter((time) => time <= until).sort((a, b) => a - b)) {
      due.delete(at);
      fired.push({ k, nth: seen, at });
    }
  };
  for (const { row, stamp } of rows) {
    if (!keys.has(row.k)) keys.set(row.k, { seen: 0, due: new Set() });
    fire(row.k, stamp);
    const key = keys.get(row.k)!;
    key.seen++;
    key.due.add(row.at + after);
  }
  for (const k of keys.keys()) fire(k, Number.POSITIVE_INFINITY);
  return fired;
}

/** The sum of finite doubles, rounded once. */
export function exactSum(values: readonly number[]): number {
  let sum = 0n;
  for (const value of values) sum += scaled(value);
  if (sum === 0n) return 0; // as when adding to nothing: also of negative zeros
  return sum < 0n ? -rounded(-sum) : rounded(sum);
}

/** A double as an integer of 2^-1074. */
function scaled(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 === 1 ? -magnitude : magnitude;
}

/** The nearest double to an integer of 2^-1074, ties to even. */
function rounded(sum: bigint): number {
  const length = sum.toString(2).length;
  if (length <= 53) return Number(sum) * 2 ** -1074;
  const shift = BigInt(length - 53);
  const half = 1n << (shift - 1n);
  const rest = sum & ((1n << shift) - 1n);
  let kept = sum >> shift;
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  return Number(kept) * 2 ** (Number(shift) - 1074);
}

/** A row as text, numbers by their bits. */
export function shown(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) =>
    Object.is(value, -0) ? '-0' : typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

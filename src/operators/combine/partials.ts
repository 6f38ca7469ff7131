/**
 * Parts of aggregates over the rows of some batches, by group: what goes to the aggregation in place of the rows.
 *
 * Owns: which columns a part has, and that nothing is rounded in it: a sum is two doubles whose sum is exact, and a value that does not
 * fit goes as a row of its own. Does not own: what becomes of parts (aggregates/partial.ts).
 * Invariants: CO1 parts, accumulated in any order, are what the rows would have been.
 */
import { type Batch, builderOf, type Column, Float64Column, type SchemaField } from '../../batch/index.ts';
import type { PartialColumn } from '../../plan/index.ts';
import { compareValues } from '../aggregates/index.ts';

/** A value that fits into no sum: the group, and the value. */
export interface Spill {
  readonly group: number;
  readonly value: number;
}

export interface Partial {
  /** Over the logical rows; `groupOf` -1 leaves a row out. `groups`: so many there are by now. */
  take(batch: Batch, groupOf: Int32Array, groups: number): void;
  /** Its columns, in the order of `PartialColumn`s: one row for each group, and then one for each spill of all partials (`all` in number). */
  columns(groups: number, spills: number, from: number): Column[];
  /** Values that went into no part. */
  readonly spills: readonly Spill[];
  /** The next row begins the first group. */
  clear(): void;
}

const none: readonly Spill[] = [];
const doubles = { kind: 'float64' } as const;

/** Which rows count: all, or those for which a column is true. */
type Condition = ((i: number) => unknown) | undefined;
const conditionOf = (batch: Batch, where: string | undefined): Condition =>
  where === undefined ? undefined : batch.reader(where);

export function partialOf({ fn, column, where }: PartialColumn, field: SchemaField | undefined): Partial {
  if (fn === 'count') return new CountPartial(where);
  return fn === 'sum' ? new SumPartial(column!, where) : new ExtremumPartial(fn, field!, where);
}

class CountPartial implements Partial {
  readonly spills = none;
  readonly #where: string | undefined;
  #counts: Float64Array = new Float64Array(0);

  constructor(where: string | undefined) {
    this.#where = where;
  }

  take(batch: Batch, groupOf: Int32Array, groups: number): void {
    const counts = (this.#counts = withRoom(this.#counts, groups));
    const condition = conditionOf(batch, this.#where);
    for (let i = 0; i < batch.length; i++) {
      const group = groupOf[i]!;
      if (group >= 0 && (condition === undefined || condition(i) === true)) counts[group]!++;
    }
  }

  columns(groups: number, spills: number): Column[] {
    return [column(this.#counts, groups, spills)];
  }

  clear(): void {
    this.#counts.fill(0);
  }
}

/** How many values, and their sum as `high + low`. */
class SumPartial implements Partial {
  readonly #column: string;
  readonly #where: string | undefined;
  #counts: Float64Array = new Float64Array(0);
  #high: Float64Array = new Float64Array(0);
  #low: Float64Array = new Float64Array(0);
  #spills: Spill[] = [];

  constructor(column: string, where: string | undefined) {
    this.#column = column;
    this.#where = where;
  }

  get spills(): readonly Spill[] {
    return this.#spills;
  }

  take(batch: Batch, groupOf: Int32Array, groups: number): void {
    const counts = (this.#counts = withRoom(this.#counts, groups));
    const high = (this.#high = withRoom(this.#high, groups));
    const low = (this.#low = withRoom(this.#low, groups));
    const spills = this.#spills;
    const read = batch.reader(this.#column) as (i: number) => number | null;
    const condition = conditionOf(batch, this.#where);
    for (let i = 0; i < batch.length; i++) {
      const group = groupOf[i]!;
      if (group < 0 || (condition !== undefined && condition(i) !== true)) continue;
      const value = read(i);
      if (value === null) continue;
      counts[group]!++;
      const before = high[group]!;
      const sum = before + value;
      // The rest of a rounded sum is a double itself (Knuth); where the low part cannot take it exactly, the value goes alone.
      const part = sum - before;
      const rest = before - (sum - part) + (value - part);
      const kept = low[group]!;
      const total = kept + rest;
      if (total - kept === rest && total - rest === kept && Math.abs(sum) < highest) {
        high[group] = sum;
        low[group] = total;
      } else spills.push({ group, value });
    }
  }

  columns(groups: number, spills: number, from: number): Column[] {
    const high = column(this.#high, groups, spills);
    for (const [i, { value }] of this.#spills.entries()) high.values[groups + from + i] = value;
    return [column(this.#counts, groups, spills), high, column(this.#low, groups, spills)];
  }

  clear(): void {
    for (const values of [this.#counts, this.#high, this.#low]) values.fill(0);
    this.#spills = [];
  }
}

/** Beyond, sums are scaled (exact-sum.ts). */
const highest = 2 ** 959;

class ExtremumPartial implements Partial {
  readonly spills = none;
  readonly #field: SchemaField;
  readonly #where: string | undefined;
  readonly #sign: 1 | -1;
  #best: unknown[] = [];

  constructor(fn: 'min' | 'max', field: SchemaField, where: string | undefined) {
    this.#field = field;
    this.#where = where;
    this.#sign = fn === 'min' ? 1 : -1;
  }

  take(batch: Batch, groupOf: Int32Array, groups: number): void {
    const best = this.#best;
    while (best.length < groups) best.push(null);
    const read = batch.reader(this.#field.name);
    const condition = conditionOf(batch, this.#where);
    for (let i = 0; i < batch.length; i++) {
      const group = groupOf[i]!;
      if (group < 0 || (condition !== undefined && condition(i) !== true)) continue;
      const value = read(i);
      if (value !== null && (best[group] === null || this.#isBetter(value, best[group]))) best[group] = value;
    }
  }

  columns(groups: number, spills: number): Column[] {
    const builder = builderOf({ type: this.#field.type, nullable: true }, `part of ${this.#field.name}`);
    for (let group = 0; group < groups; group++) builder.append(this.#best[group]);
    for (let spill = 0; spill < spills; spill++) builder.append(null);
    return [builder.build()];
  }

  clear(): void {
    this.#best = [];
  }

  #isBetter(a: unknown, b: unknown): boolean {
    if (typeof a === 'number' && typeof b === 'number' && a - b !== 0 && a === a && b === b) return (a - b) * this.#sign < 0;
    return compareValues(a, b) * this.#sign < 0;
  }
}

/** The same values, and zeros behind them, in memory for so many groups at least. */
function withRoom(values: Float64Array, groups: number): Float64Array {
  if (groups <= values.length) return values;
  const larger = new Float64Array(Math.max(groups, values.length * 2));
  larger.set(values);
  return larger;
}

/** Of each group its value, and a zero for each spill. */
function column(values: Float64Array, groups: number, spills: number): Float64Column {
  const copy = new Float64Array(groups + spills);
  copy.set(values.subarray(0, groups));
  return new Float64Column(doubles, copy, null);
}

/**
 * Parts of aggregates over the rows of one batch, by group: what goes to the aggregation in place of the rows.
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
  /** Over the logical rows; `groupOf` -1 leaves a row out. */
  take(batch: Batch, groupOf: Int32Array, groups: number): void;
  /** Its columns, in the order of `PartialColumn`s: one row for each group, and then one for each spill of all partials (`all` in number). */
  columns(groups: number, spills: number, from: number): Column[];
  /** Of the last batch. */
  readonly spills: readonly Spill[];
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
  #counts = new Float64Array(0);

  constructor(where: string | undefined) {
    this.#where = where;
  }

  take(batch: Batch, groupOf: Int32Array, groups: number): void {
    const counts = new Float64Array(groups);
    this.#counts = counts;
    const condition = conditionOf(batch, this.#where);
    for (let i = 0; i < batch.length; i++) {
      const group = groupOf[i]!;
      if (group >= 0 && (condition === undefined || condition(i) === true)) counts[group]!++;
    }
  }

  columns(groups: number, spills: number): Column[] {
    return [new Float64Column(doubles, lengthened(this.#counts, groups + spills), null)];
  }
}

/** How many values, and their sum as `high + low`. */
class SumPartial implements Partial {
  readonly #column: string;
  readonly #where: string | undefined;
  #counts = new Float64Array(0);
  #high = new Float64Array(0);
  #low = new Float64Array(0);
  #spills: Spill[] = [];

  constructor(column: string, where: string | undefined) {
    this.#column = column;
    this.#where = where;
  }

  get spills(): readonly Spill[] {
    return this.#spills;
  }

  take(batch: Batch, groupOf: Int32Array, groups: number): void {
    const counts = new Float64Array(groups);
    const high = new Float64Array(groups);
    const low = new Float64Array(groups);
    const spills: Spill[] = [];
    [this.#counts, this.#high, this.#low, this.#spills] = [counts, high, low, spills];
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
    const high = lengthened(this.#high, groups + spills);
    for (const [i, { value }] of this.#spills.entries()) high[groups + from + i] = value;
    return [lengthened(this.#counts, groups + spills), high, lengthened(this.#low, groups + spills)].map(
      (values) => new Float64Column(doubles, values, null),
    );
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
    const best = new Array<unknown>(groups).fill(null);
    this.#best = best;
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

  #isBetter(a: unknown, b: unknown): boolean {
    if (typeof a === 'number' && typeof b === 'number' && a - b !== 0 && a === a && b === b) return (a - b) * this.#sign < 0;
    return compareValues(a, b) * this.#sign < 0;
  }
}

function lengthened(values: Float64Array, length: number): Float64Array {
  if (values.length === length) return values;
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}

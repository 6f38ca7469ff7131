/** The aggregates by name. */
import type { BatchSchema, FieldType } from '../../batch/index.ts';
import { invariant, WeirError } from '../../core/index.ts';
import type { AggregateSpec } from '../../plan/index.ts';
import type { Aggregate } from './aggregate.ts';
import { approxCountDistinct } from './approx-count-distinct.ts';
import { first, last } from './by-arrival.ts';
import { collect } from './collect.ts';
import { count } from './count.ts';
import { countDistinct } from './count-distinct.ts';
import { countedDistinct, countedMax, countedMin } from './counted-values.ts';
import { custom } from './custom.ts';
import { max, min } from './extremum.ts';
import { overParts } from './partial.ts';
import { avg, sum } from './sum.ts';
import { top, topOfChanges } from './top.ts';

export type { Aggregate } from './aggregate.ts';
export { compareValues } from './extremum.ts';
export { Ranking } from './ranking.ts';
export type { Placed } from './top.ts';

/** The aggregate of a spec over rows of `input`. */
export function aggregateOf(spec: AggregateSpec, input: BatchSchema): Aggregate {
  const aggregate = ofAll(spec, input);
  return spec.where === undefined ? aggregate : { ...aggregate, where: spec.where };
}

/** The same over combined rows, whose schema `input` is then; `parts`: the columns of its parts. */
export function aggregateOfParts(spec: AggregateSpec, input: BatchSchema, parts: readonly string[]): Aggregate {
  const { fn, column, where } = spec;
  const aggregate = ofAll(fn === 'min' || fn === 'max' ? { ...spec, column: parts[0]! } : spec, input);
  const named = { ...aggregate, ...(column === undefined ? {} : { column }), ...(where === undefined ? {} : { where }) };
  return overParts(named, parts);
}

/** The same over rows that change, of which any may be taken back. */
export function aggregateOfChanges(spec: AggregateSpec, input: BatchSchema): Aggregate {
  const aggregate = ofChanges(spec, input);
  return spec.where === undefined ? aggregate : { ...aggregate, where: spec.where };
}

/** How many rows there are. */
export const countOf: Aggregate = count as Aggregate;

function ofChanges(spec: AggregateSpec, input: BatchSchema): Aggregate {
  const { fn, column, top: first } = spec;
  switch (fn) {
    case 'min':
      return countedMin(column!, fieldOf(input, column!)) as Aggregate;
    case 'max':
      return countedMax(column!, fieldOf(input, column!)) as Aggregate;
    case 'countDistinct':
      return countedDistinct(column!, fieldOf(input, column!)) as Aggregate;
    case 'top':
      return topOfChanges(first!, input) as Aggregate;
    default:
      return ofAll(spec, input);
  }
}

function ofAll(spec: AggregateSpec, input: BatchSchema): Aggregate {
  if (spec.fn === 'count') return count as Aggregate;
  if (spec.fn === 'custom') {
    invariant(spec.custom !== undefined, 'a custom aggregate has a definition');
    return custom(spec.column, spec.custom);
  }
  if (spec.fn === 'top') {
    invariant(spec.top !== undefined, 'a top has its rows and their order');
    return top(spec.top, input) as Aggregate;
  }
  invariant(spec.column !== undefined, `${spec.fn} has a column`);
  if (spec.fn === 'sum') return sum(spec.column) as Aggregate;
  if (spec.fn === 'avg') return avg(spec.column) as Aggregate;
  const field = fieldOf(input, spec.column);
  switch (spec.fn) {
    case 'min':
      return min(spec.column, field);
    case 'max':
      return max(spec.column, field);
    case 'collect':
      return collect(spec.column, field) as Aggregate;
    case 'first':
      return first(spec.column, field) as Aggregate;
    case 'last':
      return last(spec.column, field) as Aggregate;
    case 'countDistinct':
      return countDistinct(spec.column) as Aggregate;
    case 'approxCountDistinct':
      return approxCountDistinct(spec.column) as Aggregate;
  }
}

function fieldOf(schema: BatchSchema, column: string): FieldType {
  if (schema.kind === 'any') return { type: { kind: 'any' }, nullable: true };
  const field = schema.fields.find(({ name }) => name === column);
  if (field === undefined) throw new WeirError('E_PLAN', `there is no column '${column}' to aggregate`);
  return field;
}

/**
 * The aggregates that `agg()` takes, each of one column by its name.
 *
 * Owns: the functions and the specification behind each. Does not own: their result types (aggregate-types.ts), their
 * computation (src/operators). Nulls are left out of sums, averages, least and greatest, as in SQL; where nothing is left the
 * result is null.
 */
import type { AggregateSpec } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { type Field, fieldColumn } from './field.ts';

declare const aggBrand: unique symbol;
/** An aggregate of a named column (`avg('x')`); T is its result, or {@link Named} where that follows from the column. */
export interface Agg<out F extends string, out Name extends string, out T> {
  readonly [aggBrand]: { fn: F; name: Name; result: T };
}
export type AnyAgg = Agg<string, string, unknown>;
declare const named: unique symbol;
/** Of a column by name: takes values of type In; the result's type follows from the column, or is Out. */
export interface Named<in out In = any, out Out = unknown> {
  readonly [named]: { in: (value: In) => In; out: Out };
}

/** What an aggregate is at run time. */
class PlannedAggregate {
  readonly spec: AggregateSpec;

  constructor(spec: AggregateSpec) {
    this.spec = spec;
  }
}

function planned<F extends string, Name extends string, T>(spec: AggregateSpec): Agg<F, Name, T> {
  return new PlannedAggregate(spec) as unknown as Agg<F, Name, T>;
}

/** @throws WeirError `E_PLAN` if it is none */
export function aggregateSpec(aggregate: unknown, name: string, call: Call): AggregateSpec {
  if (aggregate instanceof PlannedAggregate) return aggregate.spec;
  throw refused(
    call,
    `'${name}' is not an aggregate`,
    "give count(), sum('column'), avg, min, max, collect, or one made with aggregate({ … })",
  );
}

/** How many rows there are, nulls included. */
export function count(): Agg<'count', never, number> {
  return planned({ fn: 'count' });
}
/** The sum of a column of numbers, the same whatever the order of the rows. */
export function sum<K extends string>(column: K): Agg<'sum', K, Named> {
  return planned({ fn: 'sum', column });
}
/** The mean of a column of numbers. */
export function avg<K extends string>(column: K): Agg<'avg', K, Named> {
  return planned({ fn: 'avg', column });
}
/** The least value of a column. */
export function min<K extends string>(column: K): Agg<'min', K, Named> {
  return planned({ fn: 'min', column });
}
/** The greatest value of a column. */
export function max<K extends string>(column: K): Agg<'max', K, Named> {
  return planned({ fn: 'max', column });
}
/** All values of a column, nulls included, in the order of arrival. Its state grows with them. */
export function collect<K extends string>(column: K): Agg<'collect', K, Named> {
  return planned({ fn: 'collect', column });
}

/**
 * An aggregate of one's own. `merge` is required: partial results are combined before the shuffle and across slices.
 *
 * @example
 * const product = aggregate({ state: t.number, create: () => 1, accumulate: (a: number, v: number) => a * v, merge: (a, b) => a * b, result: (a) => a });
 * readings.groupBy('deviceId').agg({ p: product('factor') });
 */
export function aggregate<In, Acc, Out>(definition: {
  /** What the accumulator is in snapshots and on the wire. */
  readonly state: Field<any, Acc>;
  readonly create: () => Acc;
  readonly accumulate: (acc: Acc, value: In) => Acc;
  readonly merge: (a: Acc, b: Acc) => Acc;
  readonly result: (acc: Acc) => Out;
}): <K extends string>(column: K) => Agg<'aggregate', K, Named<In, Out>> {
  const { create, accumulate, merge, result } = definition;
  const custom = { state: fieldColumn('state', definition.state), create, accumulate, merge, result };
  return (column) => planned({ fn: 'custom', column, custom });
}

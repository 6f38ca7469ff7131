/**
 * The aggregates that `agg()` takes: of a column by its name, or of an expression.
 *
 * Owns: the functions and the specification behind each. Does not own: their result types (aggregate-types.ts), their
 * computation (src/operators). Nulls are left out of sums, averages, least and greatest, first and last, and of counts of values, as in SQL;
 * where nothing is left the result is null, of counts 0.
 */
import { type ExprNode, heldTo } from '../expr/index.ts';
import type { AggregateSpec } from '../plan/index.ts';
import type { Plain } from './aggregate-types.ts';
import { type Call, refused } from './call.ts';
import type { BooleanExpr, Expr, NumberExpr, Scalar, ValueOf } from './expr-types.ts';
import { type Field, fieldColumn } from './field.ts';
import { nodeOf, PlannedExpr } from './planned-expr.ts';

declare const aggBrand: unique symbol;
/** An aggregate: of a named column (`avg('x')`), T being {@link Named} where the result follows from the column, or of an expression (`avg(c.x.mul(2))`), whose result T is. */
export interface Agg<out F extends string, out Name extends string, out T> {
  readonly [aggBrand]: { fn: F; name: Name; result: T };
  /** Only the rows for which the condition is true: `count().where(c.price.gt(100))`. */
  where(condition: BooleanExpr<null>): Agg<F, Name, Filtered<F, T>>;
}
/** Where no row may be left, the result may be null. */
type Filtered<F extends string, T> = F extends 'count' | 'countDistinct' | 'approxCountDistinct' | 'collect' | 'aggregate'
  ? T
  : T extends Named<infer In, infer Out>
    ? NamedOrNull<In, Out>
    : T | null;
export type AnyAgg = Agg<string, string, unknown>;
declare const named: unique symbol;
/** Of a column by name: takes values of type In; the result's type follows from the column, or is Out. */
export interface Named<in out In = any, out Out = unknown> {
  readonly [named]: { in: (value: In) => In; out: Out };
}

declare const orNull: unique symbol;
/** The same where the result may be null besides. */
export interface NamedOrNull<in out In = any, out Out = unknown> extends Named<In, Out> {
  readonly [orNull]: true;
}

/** What an aggregate is before its expressions have columns. */
export interface AggregatePart {
  readonly spec: AggregateSpec;
  readonly of?: ExprNode;
  readonly condition?: ExprNode;
}

/** What an aggregate is at run time. */
class PlannedAggregate {
  readonly part: AggregatePart;

  constructor(part: AggregatePart) {
    this.part = part;
  }

  where(condition: unknown): PlannedAggregate {
    return new PlannedAggregate({ ...this.part, condition: heldTo('boolean', nodeOf(condition), 'where()') });
  }
}

function planned<A>(spec: AggregateSpec, of?: unknown): A {
  const part =
    of === undefined ? { spec } : typeof of === 'string' ? { spec: { ...spec, column: of } } : { spec, of: exprOf(of) };
  return new PlannedAggregate(part) as unknown as A;
}

/** What is no expression is refused where the aggregate is used: there the verb is known. */
const exprOf = (of: unknown): ExprNode => (of instanceof PlannedExpr ? of.node : (of as ExprNode));

/** @throws WeirError `E_PLAN` if it is none */
export function aggregatePart(aggregate: unknown, name: string, call: Call): AggregatePart {
  if (!(aggregate instanceof PlannedAggregate))
    throw refused(
      call,
      `'${name}' is not an aggregate`,
      "give count(), sum('column'), avg, min, max, first, last, collect, countDistinct, or one made with aggregate({ … })",
    );
  const { part } = aggregate;
  if (part.of !== undefined && typeof part.of !== 'object')
    throw refused(call, `a column is named by a string, not by ${typeof part.of}`);
  return part;
}

/** How many rows there are, nulls included. */
export function count(): Agg<'count', never, number> {
  return planned({ fn: 'count' });
}
/** The sum of numbers, the same whatever the order of the rows. */
export function sum<K extends string>(column: K): Agg<'sum', K, Named>;
export function sum<E extends NumberExpr<null>>(of: E): Agg<'sum', never, ValueOf<E>>;
export function sum(of: unknown): AnyAgg {
  return planned({ fn: 'sum' }, of);
}
/** The mean of numbers. */
export function avg<K extends string>(column: K): Agg<'avg', K, Named>;
export function avg<E extends NumberExpr<null>>(of: E): Agg<'avg', never, ValueOf<E>>;
export function avg(of: unknown): AnyAgg {
  return planned({ fn: 'avg' }, of);
}
/** The least value. */
export function min<K extends string>(column: K): Agg<'min', K, Named>;
export function min<E extends Expr<Scalar>>(of: E): Agg<'min', never, Plain<ValueOf<E>>>;
export function min(of: unknown): AnyAgg {
  return planned({ fn: 'min' }, of);
}
/** The greatest value. */
export function max<K extends string>(column: K): Agg<'max', K, Named>;
export function max<E extends Expr<Scalar>>(of: E): Agg<'max', never, Plain<ValueOf<E>>>;
export function max(of: unknown): AnyAgg {
  return planned({ fn: 'max' }, of);
}
/** The value of the row that came first. Where a key's rows come from several splits, that depends on how they arrive. */
export function first<K extends string>(column: K): Agg<'first', K, Named>;
export function first<E extends Expr<unknown>>(of: E): Agg<'first', never, Plain<ValueOf<E>>>;
export function first(of: unknown): AnyAgg {
  return planned({ fn: 'first' }, of);
}
/** The value of the row that came last; see `first`. */
export function last<K extends string>(column: K): Agg<'last', K, Named>;
export function last<E extends Expr<unknown>>(of: E): Agg<'last', never, Plain<ValueOf<E>>>;
export function last(of: unknown): AnyAgg {
  return planned({ fn: 'last' }, of);
}
/** All values, in the order of arrival. Its state grows with them. */
export function collect<K extends string>(column: K): Agg<'collect', K, Named>;
export function collect<E extends Expr<unknown>>(of: E): Agg<'collect', never, readonly Plain<ValueOf<E>>[]>;
export function collect(of: unknown): AnyAgg {
  return planned({ fn: 'collect' }, of);
}
/** How many different values there are. Exact; its state grows with them. */
export function countDistinct<K extends string>(column: K): Agg<'countDistinct', K, Named>;
export function countDistinct(of: Expr<unknown>): Agg<'countDistinct', never, number>;
export function countDistinct(of: unknown): AnyAgg {
  return planned({ fn: 'countDistinct' }, of);
}
/** About how many (HyperLogLog, a standard error of 1.6 %), in 4 KiB a group at most. */
export function approxCountDistinct<K extends string>(column: K): Agg<'approxCountDistinct', K, Named>;
export function approxCountDistinct(of: Expr<unknown>): Agg<'approxCountDistinct', never, number>;
export function approxCountDistinct(of: unknown): AnyAgg {
  return planned({ fn: 'approxCountDistinct' }, of);
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
  /** Undoes `accumulate` of the same value; throws for what that throws for. Without it rows that change are refused. */
  readonly retract?: (acc: Acc, value: In) => Acc;
}): CustomAgg<In, Out> {
  const { state, ...functions } = definition;
  const custom = { state: fieldColumn('state', state), ...functions };
  return ((of: unknown) => planned({ fn: 'custom', custom }, of)) as CustomAgg<In, Out>;
}
export interface CustomAgg<In, Out> {
  <K extends string>(column: K): Agg<'aggregate', K, Named<In, Out>>;
  (of: Expr<In>): Agg<'aggregate', never, Out>;
}

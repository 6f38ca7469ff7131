/** What `agg()` gives for each aggregate, and which it refuses: types only. */
import type { Agg, Named, NamedOrNull } from './aggregates.ts';
import type { Timestamp, Watermarked, Window } from './values.ts';

export type Nulls<T> = Extract<T, null> | (undefined extends T ? null : never);
/** An aggregate of event times is a time, but the watermark may be past it already. */
export type Plain<V> = V extends Watermarked ? (V extends Window ? Window : Timestamp) : V;
type NamedResult<F extends string, V, Out> = F extends 'sum' | 'avg'
  ? number | Nulls<V>
  : F extends 'min' | 'max' | 'first' | 'last'
    ? Plain<V>
    : F extends 'collect'
      ? readonly Plain<V>[]
      : F extends 'countDistinct' | 'approxCountDistinct'
        ? number
        : Out;
type AggResult<Row, A> =
  A extends Agg<infer F, infer K, infer T>
    ? T extends Named<any, infer Out>
      ? K extends keyof Row
        ? NamedResult<F, Row[K], Out> | (T extends NamedOrNull ? null : never)
        : never
      : T
    : never;
/** The columns that the aggregates A add. */
export type AggRow<Row, A> = { -readonly [P in keyof A]: AggResult<Row, A[P]> };
type CheckAgg<Row, A> =
  A extends Agg<infer F, infer K, Named<infer In>>
    ? K extends keyof Row
      ? F extends 'sum' | 'avg'
        ? [Exclude<Row[K], null | undefined>] extends [number]
          ? unknown
          : `✗ ${F}('${K}') needs a column of numbers; '${K}' is not one`
        : [Row[K]] extends [In]
          ? unknown
          : `✗ ${F}('${K}'): column '${K}' has another type than the aggregate takes`
      : `✗ ${F}('${K}'): there is no column '${K}' here`
    : unknown;
/** `unknown` where an aggregate fits the row, the reason where not. */
export type CheckAggs<Row, A> = { readonly [P in keyof A]: CheckAgg<Row, A[P]> };

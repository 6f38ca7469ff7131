/**
 * Expressions as the compiler sees them: planned values, computed column by column. Their one implementation is planned-expr.ts.
 *
 * Null follows SQL: what is computed from a null is null, comparisons too; `false and null` is false, `true or null` true; a
 * condition that is null lets no row through. Numbers are IEEE doubles, as in JavaScript: `1 / 0` is Infinity.
 */
import type { Duration } from '../core/index.ts';
import type { Nulls } from './aggregate-types.ts';
import type { Field } from './field.ts';
import type { EventTime, EventWindow, Timestamp, Watermarked, Window } from './values.ts';
import type { WindowKey } from './window-key.ts';

declare const exprType: unique symbol;
/** A planned value of type T. */
export interface Expr<out T> {
  readonly [exprType]: T;
  isNull(): BooleanExpr;
  /** This value, or `other` where it is null. */
  orElse<const U extends Scalar | Expr<unknown>>(other: U): ExprOf<Exclude<T, null> | ValueOf<U>>;
  /** The same value as a column of this type, for what has none: results of `call()`, fields of `t.any`. Another value is an error of the row. */
  as<O>(field: Field<any, O>): ExprOf<O>;
}
export type Scalar = string | number | boolean | null;
/** Null where the operand may be null. */
export type NullIn<O> = O extends Expr<infer V> ? Extract<V, null> : never;
export type ValueOf<U> = U extends Expr<infer V> ? V : U;

interface Comparable<V, N extends null> {
  eq<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  ne<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  lt<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  lte<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  gt<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  gte<const O extends V | Expr<V | null>>(other: O): BooleanExpr<N | NullIn<O>>;
  in(values: readonly V[]): BooleanExpr<N>;
}
export interface NumberExpr<N extends null = never> extends Expr<number | N>, Comparable<number, N> {
  add<O extends number | NumberExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  sub<O extends number | NumberExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  mul<O extends number | NumberExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  div<O extends number | NumberExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  /** The rest of a division, with the sign of this number. */
  mod<O extends number | NumberExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  /** To so many digits after the point (0), halves away from zero. */
  round(digits?: number): NumberExpr<N>;
  floor(): NumberExpr<N>;
  ceil(): NumberExpr<N>;
  abs(): NumberExpr<N>;
  toText(): StringExpr<N>;
}
export interface StringExpr<N extends null = never, V extends string = string> extends Expr<V | N>, Comparable<V, N> {
  lower(): StringExpr<N>;
  upper(): StringExpr<N>;
  trim(): StringExpr<N>;
  /** In UTF-16 code units, as in JavaScript; so are the positions of `slice`. */
  length(): NumberExpr<N>;
  concat<P extends readonly (string | StringExpr<null>)[]>(...parts: P): StringExpr<N | NullIn<P[number]>>;
  slice(from: number, to?: number): StringExpr<N>;
  startsWith(prefix: string): BooleanExpr<N>;
  matches(pattern: RegExp): BooleanExpr<N>;
  /** Group `group` (0: all) of the first match, or null. */
  extract(pattern: RegExp, group?: number): StringExpr<null>;
  /** Part `index`, from 0, of the text between separators, or null. */
  split(separator: string, index: number): StringExpr<null>;
  /** Null where the text is not a decimal number. */
  toNumber(): NumberExpr<null>;
}
export interface BooleanExpr<N extends null = never> extends Expr<boolean | N>, Comparable<boolean, N> {
  and<O extends BooleanExpr<null>>(other: O): BooleanExpr<N | NullIn<O>>;
  or<O extends BooleanExpr<null>>(other: O): BooleanExpr<N | NullIn<O>>;
  not(): BooleanExpr<N>;
  toText(): StringExpr<N>;
}
export interface TimestampExpr<N extends null = never, T extends Timestamp = Timestamp>
  extends Expr<T | N>,
    Comparable<Timestamp, N> {
  add(by: Duration): TimestampExpr<N>;
  sub(by: Duration): TimestampExpr<N>;
  /** Milliseconds from `other` to this. */
  since<O extends Timestamp | TimestampExpr<null>>(other: O): NumberExpr<N | NullIn<O>>;
  /** The start of the unit that it lies in, in UTC. */
  truncate(unit: 'second' | 'minute' | 'hour' | 'day'): TimestampExpr<N>;
  hour(): NumberExpr<N>;
  minute(): NumberExpr<N>;
  second(): NumberExpr<N>;
  /** In UTC, by a pattern of `yyyy MM dd HH mm ss SSS`; letters that are meant literally between quotes. */
  format(pattern: string): StringExpr<N>;
  /** Milliseconds since 1970. */
  toNumber(): NumberExpr<N>;
}
export interface WindowExpr<T extends Window = Window> extends Expr<T> {
  readonly start: TimestampExpr;
  readonly end: TimestampExpr;
}
/** A column of objects: its fields are expressions of their own, null where it is. A field called as a method of `Expr` is out of reach. */
export type StructExpr<T> = Expr<T> & {
  readonly [K in Exclude<keyof NonNullable<T>, keyof Expr<unknown>>]: ExprOf<NonNullable<T>[K] | Nulls<T>>;
};
/** The expression for a column of value type T. */
export type ExprOf<T> = 0 extends 1 & T
  ? any
  : [Exclude<T, null | undefined>] extends [never]
    ? Expr<T>
    : [Exclude<T, null | undefined>] extends [EventWindow]
      ? WindowExpr<EventWindow>
      : [Exclude<T, null | undefined>] extends [Window]
        ? WindowExpr
        : [Exclude<T, null | undefined>] extends [EventTime]
          ? TimestampExpr<Nulls<T>, EventTime>
          : [Exclude<T, null | undefined>] extends [Timestamp | Date]
            ? TimestampExpr<Nulls<T>>
            : [Exclude<T, null | undefined>] extends [number]
              ? NumberExpr<Nulls<T>>
              : [Exclude<T, null | undefined>] extends [boolean]
                ? BooleanExpr<Nulls<T>>
                : [Exclude<T, null | undefined>] extends [string]
                  ? StringExpr<Nulls<T>, Extract<T, string>>
                  : [Exclude<T, null | undefined>] extends [readonly unknown[] | Uint8Array]
                    ? Expr<Exclude<T, undefined> | Nulls<T>>
                    : [Exclude<T, null | undefined>] extends [object]
                      ? StructExpr<Exclude<T, undefined> | Nulls<T>>
                      : Expr<Exclude<T, undefined> | Nulls<T>>;

/** The columns of a row, as expressions: what `(c) => …` is given. */
export type Columns<Row> = { readonly [K in keyof Row]-?: ExprOf<Row[K]> };
/** A tumbling window over a time is a column too: the one that the row lies in. */
export type ExprRecord = Readonly<Record<string, Expr<unknown> | Scalar | WindowKey<'fixed', never>>>;
export type ValuesOf<S> = {
  -readonly [K in keyof S]: S[K] extends WindowKey<'fixed', never, infer T>
    ? [T] extends [Watermarked]
      ? EventWindow
      : Window
    : ValueOf<S[K]>;
};

export interface When<T> {
  when<const V extends Scalar | Expr<unknown>>(condition: BooleanExpr<null>, value: V): When<T | ValueOf<V>>;
  otherwise<const V extends Scalar | Expr<unknown>>(value: V): ExprOf<T | ValueOf<V>>;
}

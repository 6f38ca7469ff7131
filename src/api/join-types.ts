/** What a join takes and gives: types only. */
import type { Duration } from '../core/index.ts';
import type { BooleanExpr, Columns } from './expr-types.ts';
import type { Show } from './fields.ts';
import type { KeysOf } from './group-types.ts';
import type { Schema } from './schema.ts';
import type { EventTime, EventWindow, Timestamp, Watermarked, Window } from './values.ts';

/**
 * Which rows a join gives. `inner`: each pair. `left`, `right`, `full`: those, and rows of that side, or of both, that have no partner, with
 * nulls for it. `semi`: left rows that have a partner, each once. `anti`: left rows that have none.
 */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';
type Shared<L, R> = keyof L & keyof R & string;
/** Columns both sides have, or left column to right column. */
export type JoinKeys<L, R> = Shared<L, R> | readonly Shared<L, R>[] | { readonly [K in keyof L]?: keyof R & string };
/** The columns that are one in the result. */
type KeyNames<On> = On extends string
  ? On
  : On extends readonly (infer N)[]
    ? N
    : { [K in keyof On]: On[K] extends K ? K : never }[keyof On];
export interface JoinOptions<How extends JoinType, On> {
  /** `'id'`, `['id', 'region']`, or `{ leftName: 'rightName' }`. Null keys match nothing, unless `nullSafe`. */
  readonly on: On;
  /** `inner` unless said. */
  readonly how?: How;
  /** `right time - left time`, lowest and highest: `['0 minutes', '1 hour']` = up to an hour after the left row, both ends included. */
  readonly within?: readonly [Duration, Duration];
  /** The left and the right time of `within`; unless said, the one column of each side that is under a watermark. */
  readonly times?: readonly [string, string];
  /** A null key is equal to a null key (false). */
  readonly nullSafe?: boolean;
}
/** What `join()` asks of two rows beside. */
export interface JoinCondition<L, R> {
  /**
   * Over the columns of both rows, as they come in: `(order, limit) => order.price.gt(limit.least)`. Where it is false or null they do not belong together: in an outer
   * join a row that meets it with nobody goes out alone. It must be pure; a row is set aside on which a function in it throws, which is that of the two that came later.
   */
  readonly where?: (left: Columns<L>, right: Columns<R>) => BooleanExpr<null>;
}
export interface RegularJoinOptions<How extends JoinType, On> extends Omit<JoinOptions<How, On>, 'within' | 'times'> {
  /** What was given for a key is remembered for so long after the last row of it came, by the time of epochs, or `'forever'`. */
  readonly ttl: Duration | 'forever';
}
/** Of an as-of join. */
export interface AsOfJoinOptions<How extends 'inner' | 'left', On> extends Pick<JoinOptions<How, On>, 'on' | 'how' | 'nullSafe'> {
  /** How much older than the left row a version may be; unless said, as old as it likes: then the latest of each key is kept for ever. */
  readonly tolerance?: Duration;
  /** The left row's time, and the one from which a version holds; unless said, the one column of each side that is under a watermark. */
  readonly times?: readonly [string, string];
}
/** An unmatched row is known to be one only when no partner can come any more. */
export interface OuterJoinNeedsATimeBound {
  /** ✗ An outer join emits an unmatched row when no partner can come any more: bound the times with `within`, or join on equal windows. */
  readonly within: readonly [Duration, Duration];
}
/** The columns under a watermark. */
type EventTimeKey<Row> = KeysOf<Row, Watermarked>;
/** Pairs of keys that are times under a watermark. */
type TimedPairs<On, L, R> = On extends string | readonly unknown[]
  ? KeyNames<On> & EventTimeKey<L> & EventTimeKey<R>
  : { [K in keyof On]: K extends EventTimeKey<L> ? (On[K] extends EventTimeKey<R> ? K : never) : never }[keyof On];
export type CheckTimeBound<How, On, L, R> = How extends 'inner' | 'semi'
  ? unknown
  : [TimedPairs<On, L, R>] extends [never]
    ? OuterJoinNeedsATimeBound
    : unknown;
/** The first thing that is wrong, or nothing. */
export type CheckJoin<L, R, How, On> = [How, EventTimeKey<R>] extends ['left' | 'anti' | 'full', never]
  ? `✗ a ${How & string} join needs a watermark on the right stream: call withWatermark() on it`
  : [How, EventTimeKey<L>] extends ['right' | 'full', never]
    ? `✗ a ${How & string} join needs a watermark on the left stream: call withWatermark() on it`
    : CheckColumns<L, R, How, On>;
/** Of an as-of join. */
export type CheckAsOfJoin<L, R, How, On> = [EventTimeKey<L>] extends [never]
  ? '✗ an as-of join needs a watermark on the left stream: call withWatermark() on it'
  : [EventTimeKey<R>] extends [never]
    ? '✗ an as-of join needs a watermark on the right stream: call withWatermark() on it'
    : CheckColumns<L, R, How, On>;
export type CheckColumns<L, R, How, On> = How extends 'semi' | 'anti'
  ? unknown
  : [Exclude<Shared<L, R>, KeyNames<On>>] extends [never]
    ? unknown
    : `✗ both sides have a column '${Exclude<Shared<L, R>, KeyNames<On>>}': rename one with select() before the join`;
type OrNull<T> = { [K in keyof T]: T[K] | null };
/** The left row's columns, then the right one's without those that are keys of the same name. */
export type JoinRow<L, R, How, On> = How extends 'semi' | 'anti'
  ? L
  : Show<
      Pick<L, keyof L & KeyNames<On>> &
        (How extends 'right' | 'full' ? OrNull<Omit<L, KeyNames<On> & string>> : Omit<L, KeyNames<On> & string>) &
        (How extends 'left' | 'full' ? OrNull<Omit<R, KeyNames<On> & string>> : Omit<R, KeyNames<On> & string>)
    >;
export type WithoutWatermark<T> = T extends EventTime ? Timestamp : T extends EventWindow ? Window : T;
/** The same of a left row and its version, whose own time may be long past the watermark. */
export type AsOfJoinRow<L, R, How, On> = JoinRow<L, { [K in keyof R]: WithoutWatermark<R[K]> }, How, On>;
type IsUnion<T, Of = T> = T extends unknown ? ([Of] extends [T] ? false : true) : never;
/** What a lookup asks for: the value of its one column; of several, or of a list, an object by their names in what is found. */
type KeyOfLookup<L, On> = On extends string
  ? NonNullable<L[On & keyof L]>
  : On extends readonly (infer N extends keyof L & string)[]
    ? Show<{ readonly [P in N]: NonNullable<L[P]> }>
    : IsUnion<keyof On> extends true
      ? Show<{ readonly [P in keyof On & keyof L as On[P] & string]: NonNullable<L[P]> }>
      : NonNullable<L[keyof On & keyof L]>;
/** How rows are found outside, by key. */
export interface Lookup<Key, R extends object> {
  /** The columns of what is found. */
  readonly schema: Schema<any, R>;
  /**
   * The rows of these keys, each key once, in any order; of a key there may be none, or several. A key is the value of the one column that `on` names; of several, or of a
   * list, it is an object of their values, by the names that they have in `schema`. What it throws, or rejects with, is tried again,
   * as is a call that takes too long, whose `signal` then aborts. It may be asked again for what it has answered.
   */
  readonly fetch: (
    keys: readonly Key[],
    context: { readonly signal: AbortSignal },
  ) => Promise<Iterable<object>> | Iterable<object>;
  /** What was found for a key, or that nothing was, is remembered by each subtask for so long, of so many keys. Unless said, each batch asks anew. */
  readonly cache?: { readonly entries: number; readonly ttl: Duration };
  /** Keys of one call, at most (100). */
  readonly keysPerCall?: number;
  /** Calls at a time, of each subtask (4). */
  readonly concurrency?: number;
  /** Of one call (10 seconds). */
  readonly timeout?: Duration;
  /** Calls for the same keys, at most, with 100 ms between the first two, and twice as long each time (3). */
  readonly attempts?: number;
}
export type LookupOf<L, R extends object, On> = Lookup<KeyOfLookup<L, On>, R>;

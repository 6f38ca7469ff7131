/**
 * The stream of the typed DSL, as the compiler sees it. Its one implementation is graph-stream.ts.
 *
 * Verbs take their types from `this: AnyStream<R, K>` rather than from the interface's own parameters, so that streams are
 * compared by row and kind alone. Checks ride on arguments as `Arg & Check<…>`, where `Check` is `unknown` or the reason.
 */
import type { Duration } from '../core/index.ts';
import type { Kind, OutputMode } from '../plan/index.ts';
import type { AggRow, CheckAggs } from './aggregate-types.ts';
import type { AnyAgg } from './aggregates.ts';
import type { ChangeOp } from './changelog.ts';
import type { ChangesOptions, ChangesRow, OpColumn, UpsertsOptions } from './changes.ts';
import type { Sink } from './connector-types.ts';
import type { Show } from './fields.ts';
import type { BooleanExpr, Columns, Expr, ExprRecord, ValuesOf } from './expr-types.ts';
import type {
  CheckMode,
  EventTimeIn,
  FinalKind,
  GroupKind,
  GroupRow,
  KeyRow,
  OnceKind,
  SelectedKind,
  SomeTimeKey,
} from './group-types.ts';
import type { RunOptions } from './job.ts';
import type {
  AsOfJoinOptions,
  AsOfJoinRow,
  CheckAsOfJoin,
  CheckColumns,
  CheckJoin,
  CheckTimeBound,
  JoinCondition,
  JoinKeys,
  JoinOptions,
  JoinRow,
  JoinType,
  LookupOf,
  RegularJoinOptions,
} from './join-types.ts';
import type { AsyncOptions } from './map-async.ts';
import type { Output } from './output.ts';
import type { ProcessFunction } from './process-function.ts';
import type { AnySchema } from './schema.ts';
import type { StateSpec } from './state-field.ts';
import type { Table } from './table.ts';
import type { TopKind, TopOptions, TopRow } from './top.ts';
import type { EventTime } from './values.ts';
import type { WatermarkAlignment } from './watermark-alignment.ts';
import type { StrategyChoice } from './watermark-strategy.ts';
import type { GlobalType, GlobalWindowKey } from './global-window.ts';
import type { WindowKey, WindowType } from './window-key.ts';

declare const streamBrand: unique symbol;
/**
 * What the types know of a stream. The verbs take their types from here (`this: AnyStream<R>`), so that a stream with more
 * columns, or with a watermark, is taken wherever one with fewer is wanted.
 */
export interface AnyStream<out Row extends object = object, out K extends Kind = Kind> {
  readonly [streamBrand]: { readonly row: Row; readonly kind: K };
}
/** Rows without end. Immutable: every verb gives a new stream, and nothing runs before `start`. */
export interface Stream<out Row extends object, out K extends Kind = 'rows'> extends AnyStream<Row, K> {
  /** With a schema the result is columnar; without, rows are kept as they are. Must be pure: it runs again after a failure. */
  map<R extends object, K extends Kind, Out extends object>(
    this: AnyStream<R, K>,
    fn: (row: R) => Out,
    schema?: AnySchema<any, Out>,
  ): Stream<Out, K>;
  /** As `map`, with any number of rows for each. */
  flatMap<R extends object, K extends Kind, Out extends object>(
    this: AnyStream<R, K>,
    fn: (row: R) => Iterable<Out>,
    schema?: AnySchema<any, Out>,
  ): Stream<Out, K>;
  /** Only the rows for which `fn` is true; a type guard narrows them. */
  filter<R extends object, K extends Kind, Out extends R>(this: AnyStream<R, K>, fn: (row: R) => row is Out): Stream<Out, K>;
  filter<R extends object, K extends Kind>(this: AnyStream<R, K>, fn: (row: R) => boolean): Stream<R, K>;
  /**
   * As `map`, with a function that asks outside: `concurrency` calls at a time in each subtask (100). Rows go on as they came (`ordered: false`: between two watermarks as
   * their answers come). A call has `timeout` (`'10 seconds'`), after which `signal` aborts, as it does where the job stops or fails; one that fails is made again, `attempts`
   * times in all (3). Rows whose calls are under way are in the checkpoint, which waits for none of them; after a failure they are called for again, so `fn` is
   * called at least once for each row, and its answer goes on exactly once. With a schema the result is columnar.
   *
   * @throws WeirError `E_PLAN` for what is no number or duration, and for rows that are not final; while it runs, `E_CALL` of a row without an answer after all
   * attempts, which goes to the pipeline's `deadLetters`, or fails the job
   * @example orders.mapAsync(async (order, { signal }) => ({ ...order, risk: await riskOf(order, signal) }), { concurrency: 20, timeout: '2 seconds' })
   */
  mapAsync<R extends object, K extends FinalKind, Out extends object>(
    this: AnyStream<R, K>,
    fn: (row: R, context: { readonly signal: AbortSignal }) => Promise<Out>,
    options?: AsyncOptions,
    schema?: AnySchema<any, Out>,
  ): Stream<Out, SelectedKind<K>>;

  /** These columns, computed from those there are: `select((c) => ({ id: c.id, dollars: c.price.mul(0.908) }))`. */
  select<R extends object, K extends Kind, const S extends ExprRecord>(
    this: AnyStream<R, K>,
    fn: (c: Columns<R>) => S,
  ): Stream<Show<ValuesOf<S>>, K>;
  /** Only these columns, in this order. */
  select<R extends object, K extends Kind, const N extends readonly (keyof R & string)[]>(
    this: AnyStream<R, K>,
    ...names: N
  ): Stream<Show<Pick<R, N[number]>>, K>;

  /** These columns beside the others, or in place of those of the same name. */
  withColumns<R extends object, K extends Kind, const S extends ExprRecord>(
    this: AnyStream<R, K>,
    fn: (c: Columns<R>) => S,
  ): Stream<Show<Omit<R, keyof S> & ValuesOf<S>>, K>;
  /** Only the rows for which the condition is true. */
  where<R extends object, K extends Kind>(this: AnyStream<R, K>, fn: (c: Columns<R>) => BooleanExpr<null>): Stream<R, K>;

  /**
   * Promise: rows of a split arrive at most `delay` behind its latest time. Others may be late: counted, and found in `.late()`.
   * It stands in the source's chain, before any union, key, group or rebalance (a plan error otherwise). Instead of a delay, `{ strategy: 'manual' }`
   * takes the watermark that the source says, and `{ strategy: { create, advance, watermark } }` one of your own.
   *
   * With `align` a split that is far ahead of others waits for them.
   *
   * @throws WeirError `E_PLAN` for a column that is not there or not a time, and for what is no duration
   * @example orders.withWatermark('at', '1 minute', { align: { maxDrift: '5 minutes' } })
   */
  withWatermark<R extends object, K extends Kind, C extends SomeTimeKey<R>>(
    this: AnyStream<R, K>,
    column: C,
    delay: Duration | StrategyChoice,
    options?: WatermarkOptions,
  ): Stream<Show<Omit<R, C> & { [P in C]: EventTime }>, K>;
  /**
   * A column with the time at which a row was read, by the clock: that of the barrier before it, so that it is the same after any crash. Its watermark is that of
   * the next barrier, also where nothing comes: no row is late, and a window closes with the first epoch that ends behind it. It stands where `withWatermark` may.
   *
   * @throws WeirError `E_PLAN` for rows without a schema
   * @example clicks.withProcessingTime('seen').groupBy(window('seen', '10 seconds'), 'user').count()
   */
  withProcessingTime<R extends object, K extends Kind, const C extends string>(
    this: AnyStream<R, K>,
    column: C,
  ): Stream<Show<Omit<R, C> & { [P in C]: EventTime }>, K>;
  /**
   * Rows with equal values of these keys, one of which may be a window; `null` is a value like any other.
   *
   * @throws WeirError `E_PLAN` for a column that is not there, or that cannot be a key
   */
  groupBy<
    R extends object,
    K extends Kind,
    const S extends Readonly<Record<string, Expr<unknown> | WindowKey | GlobalWindowKey<GlobalType, R>>>,
  >(this: AnyStream<R, K>, fn: (c: Columns<R>) => S): Grouped<R, Show<KeyRow<R, S>>, GroupKind<R, S[keyof S], K>>;
  groupBy<
    R extends object,
    K extends Kind,
    const Ks extends readonly ((keyof R & string) | WindowKey<WindowType, SomeTimeKey<R>> | GlobalWindowKey<GlobalType, R>)[],
  >(this: AnyStream<R, K>, ...keys: Ks): Grouped<R, GroupRow<R, Ks[number]>, GroupKind<R, Ks[number], K>>;
  /** One key at a time, in order: for state, timers and `reduce`. */
  keyBy<R extends object, Key extends KeyValue>(this: AnyStream<R, FinalKind>, fn: (row: R) => Key): KeyedStream<Key, R>;
  keyBy<R extends object, const N extends keyof R & string>(this: AnyStream<R, FinalKind>, column: N): KeyedStream<R[N], R>;

  /**
   * The first row of each value of these columns, or of the whole row with `'*'`. Null is a value like any other. Where a column under a
   * watermark, or a window, is among them, a value is remembered until the watermark has passed that time; otherwise `within` says for how long:
   * a duration after the time of the first row (by the clock after it came, where rows have no time under a watermark), or `'forever'`.
   * A row behind the watermark is late: counted, left out, and found in `.late()`. Others that are left out are counted as duplicates. Which of equal rows from
   * several inputs comes first is not determined.
   *
   * @throws WeirError `E_PLAN` for a column that is not there or cannot be a key, and where nothing says when a value may be forgotten
   * @example orders.withWatermark('at', '1 minute').dropDuplicates(['orderId'], { within: '1 hour' })
   */
  dropDuplicates<R extends object, K extends FinalKind, const C extends readonly (keyof R & string)[] | '*'>(
    this: AnyStream<R, K>,
    columns: C,
    ...options: [EventTimeIn<R, C>] extends [never] ? [options: Remember] : [options?: Remember]
  ): WithLateRows<R, R, SelectedKind<K>>;
  /**
   * The first `n` rows of the job's whole life, then none. One subtask counts them; which they are of several inputs follows from how those arrive.
   *
   * @throws WeirError `E_PLAN` unless `n` is a whole number from 0
   */
  limit<R extends object, K extends FinalKind>(this: AnyStream<R, K>, n: number): Stream<R, SelectedKind<K>>;

  /**
   * What happens to the rows of a result, as rows that do not change: each with a column `op` behind its own, `+I` where it is new, `-U` and `+U` where it
   * is replaced, as it was and as it is, `-D` where it is gone. Once per epoch; rows that are final are each `+I`.
   *
   * @throws WeirError `E_PLAN` if there is a column `op` already, and for sessions that no watermark closes
   * @example orders.groupBy('customer').agg({ total: sum('price') }).changelog().to(file.sink({ path: 'changes.jsonl' }))
   */
  changelog<R extends object, K extends Kind>(this: AnyStream<R, K>): Stream<Show<R & { op: ChangeOp }>, 'rows'>;

  /**
   * The other way round: rows that say in a column what happens to them, as a stream that changes. `+I` and `+U`: a row like this one comes; `-U` and `-D`: one that
   * was like this is taken back; another value is an error of the row, as is none. What comes and is taken back within an epoch goes nowhere. A row that is taken back has to
   * come behind the one that it takes back, in the same split; what becomes of one that was never there whoever takes the stream says.
   *
   * @throws WeirError `E_PLAN` for rows without a schema, for `now()` in a column, and where rows are spread over subtasks between the source and here
   * @example changes.asChanges({ op: 'op' }).groupBy('customer').agg({ total: sum('price') })
   */
  asChanges<R extends object, const C extends OpColumn<R>>(
    this: AnyStream<R, FinalKind>,
    options: ChangesOptions<C>,
  ): Stream<Show<ChangesRow<R, C>>, 'changing'>;
  /**
   * Of each key the last row, as a stream that changes: the first row of a key is new, each other takes the place of the one before, and one for which `deleted` is true
   * takes it away. Once per epoch. A deletion of what is not there changes nothing. Rows of a key have to come in order, in one split.
   *
   * @throws WeirError `E_PLAN` for rows without a schema, for a column that is not there or cannot be a key, and where rows are spread over subtasks between the
   * source and here
   * @example products.asUpserts({ key: 'id', deleted: (c) => c.price.isNull() }).groupBy('category').agg({ products: count() })
   */
  asUpserts<R extends object, const C extends (keyof R & string) | readonly (keyof R & string)[]>(
    this: AnyStream<R, FinalKind>,
    options: UpsertsOptions<R, C>,
  ): Stream<Show<ChangesRow<R, never>>, 'changing'>;

  /** Rows of all; each input keeps its order, and the watermark is the least of theirs. */
  union<R extends object, K extends Kind>(this: AnyStream<R, K>, ...others: readonly AnyStream<R, K>[]): Stream<R, K>;

  /**
   * Each row with the rows of a table that have its keys. The rows of a table are read whole before the first row is joined, and kept.
   *
   * @throws WeirError `E_PLAN` for columns that both sides have beside the keys, and for keys that cannot be equal
   */
  join<
    L extends object,
    K extends FinalKind,
    R extends object,
    const On extends JoinKeys<L, R>,
    const How extends 'inner' | 'left' | 'semi' | 'anti' = 'inner',
  >(
    this: AnyStream<L, K>,
    right: Table<R> & CheckColumns<L, R, How, On>,
    options: { readonly on: On; readonly how?: How; readonly nullSafe?: boolean } & JoinCondition<L, R>,
  ): Stream<JoinRow<L, R, How, On>, K extends OnceKind ? 'rows' : 'joined'>;
  /**
   * Rows of both sides that are there now and have equal keys; each may change, and so may the result: a row that an outer join gives without a partner goes
   * out with its epoch, and is taken back when a partner comes. `ttl` says for how long what was given for a key is remembered.
   *
   * @throws WeirError `E_PLAN` as above, and for sessions that no watermark closes
   * @example counts.join(names, { on: 'id', how: 'left', ttl: '1 day' }).changelog()
   */
  join<L extends object, R extends object, const On extends JoinKeys<L, R>, const How extends JoinType = 'inner'>(
    this: AnyStream<L>,
    right: AnyStream<R> & CheckColumns<L, R, How, On>,
    options: RegularJoinOptions<How, On> & JoinCondition<L, R>,
  ): Stream<JoinRow<L, R, How, On>, 'changing'>;
  /**
   * Rows of both sides with equal keys and, with `within`, close in time; without, of any time, for which all rows are kept for ever. Rows
   * that come late, by their own watermark, are counted, left out, and found in `.late('left')` and `.late('right')`. `where` asks more of two rows than equal keys.
   *
   * @throws WeirError `E_PLAN` as above, and for an outer join whose times nothing bounds, or without the watermark that it needs
   */
  join<L extends object, R extends object, const On extends JoinKeys<L, R>, const How extends JoinType = 'inner'>(
    this: AnyStream<L, FinalKind>,
    right: AnyStream<R, FinalKind> & CheckJoin<L, R, How, On>,
    options: JoinOptions<How, On> & JoinCondition<L, R> & CheckTimeBound<How, On, L, R>,
  ): Joined<L, R, JoinRow<L, R, How, On>>;

  /**
   * Each row with the version of its key that held at its time: of the rows on the right the one with the greatest time that is not above the row's own. A row goes out
   * once the watermark has passed its time, since a version that comes later is late; with `how: 'left'` also without a version, with nulls.
   * Of versions of equal time the later one of a split holds, and between splits that of the greater name. Late rows and late versions are
   * counted and left out. Times of the row pass through; those of the version are under no watermark any more.
   *
   * @throws WeirError `E_PLAN` for a side without a watermark, for columns that both sides have beside the keys, and for keys that cannot be equal
   * @example orders.asOfJoin(rates, { on: 'currency', how: 'left', tolerance: '1 day' })
   */
  asOfJoin<L extends object, R extends object, const On extends JoinKeys<L, R>, const How extends 'inner' | 'left' = 'inner'>(
    this: AnyStream<L, FinalKind>,
    right: AnyStream<R, FinalKind> & CheckAsOfJoin<L, R, How, On>,
    options: AsOfJoinOptions<How, On>,
  ): Joined<L, R, AsOfJoinRow<L, R, How, On>>;

  /**
   * Each row with those that a function of yours finds for its key: in a database, behind an HTTP interface. A batch's keys are asked for together; rows
   * keep their order, times and kind. What is found may be another thing the next time: rows that came after the last checkpoint
   * are looked up again after a restart. A row whose key is null, or a part of it, finds nothing.
   *
   * @throws WeirError `E_PLAN` for what is not there, or not a number; while it runs, `E_LOOKUP` of a row whose key has no answer after all attempts, which
   * goes to the pipeline's `deadLetters`, or fails the job
   * @example orders.lookupJoin({ schema: Customer, fetch: (ids) => customersOf(ids), cache: { entries: 10_000, ttl: '5 minutes' } }, { on: 'customerId' })
   */
  lookupJoin<
    L extends object,
    K extends FinalKind,
    R extends object,
    const On extends JoinKeys<L, R>,
    const How extends 'inner' | 'left' = 'inner',
  >(
    this: AnyStream<L, K>,
    lookup: LookupOf<L, R, On> & CheckColumns<L, R, How, On>,
    options: { readonly on: On; readonly how?: How },
  ): Stream<JoinRow<L, R, How, On>, K extends OnceKind ? 'rows' : 'joined'>;

  /** The stable id of the operator before: what its state is found by after the job has changed. */
  named(id: string): this;
  /** In how many subtasks the operator before runs, instead of the pipeline's number. */
  parallelism(subtasks: number): this;
  /** Spreads the rows evenly over the subtasks that follow. */
  rebalance(): this;

  /**
   * Writes the stream; give the result to `pipeline`. The mode is `append` unless said.
   *
   * @throws WeirError `E_PLAN` for a mode that the rows or the sink do not allow, in the words of `OutputModes`
   */
  to<R extends object, K extends Kind, const M extends OutputMode = 'append', S extends OutputMode = OutputMode>(
    this: AnyStream<R, K>,
    sink: Sink<R, S> & CheckMode<K, M, S>,
    options?: ToOptions<M>,
  ): Output;
  /** Runs the stream embedded and gives its rows, each once, as their epoch commits. Leaving the loop stops it. */
  rows<R extends object, K extends Kind, const M extends OutputMode = 'append'>(
    this: AnyStream<R, K> & CheckMode<K, M>,
    options?: RunOptions & { readonly mode?: M },
  ): AsyncIterable<R>;
}
export interface ToOptions<M extends OutputMode> {
  readonly mode?: M;
  /** In `update` and `complete`: write at most this often; otherwise once per epoch. */
  readonly every?: Duration;
}
export interface WatermarkOptions {
  /** An input that is silent for this long no longer holds the watermark back (1 minute). */
  readonly idleAfter?: Duration;
  /** Read splits that are ahead of others no further until those have come up (as fast as each can be read). */
  readonly align?: WatermarkAlignment;
}
/** How long values are remembered that no watermark clears away. */
export interface Remember {
  /** Longer than nothing. */
  readonly within: Duration | 'forever';
}
export type KeyValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

export interface Grouped<Row extends object, Keys extends object, K extends Kind> {
  /**
   * One row per group: its keys, and a column for each aggregate.
   *
   * @throws WeirError `E_PLAN` for a column that is not there, or that the aggregate cannot take
   */
  agg<const A extends Readonly<Record<string, AnyAgg>>>(
    fn: (c: Columns<Row>) => A,
  ): Aggregated<Row, Show<Keys & AggRow<Row, A>>, K>;
  agg<const A extends Readonly<Record<string, AnyAgg>>>(
    aggregates: A & CheckAggs<Row, A>,
  ): Aggregated<Row, Show<Keys & AggRow<Row, A>>, K>;
  /**
   * The first `n` rows of each group in the order of `by`, with their place as `rank`, from 1: its keys, then the other columns. Of equal rows the one that
   * came first is before; null is behind all values. In `update` those go out whose rank has another row: a row is known by its keys and its rank.
   *
   * @throws WeirError `E_PLAN` for a column that is not there or has no order, and for rows without a schema
   * @example bids.groupBy('auction').top(10, { by: 'price' })
   * @example bids.groupBy('bidder', 'auction').top(1, { by: ['price', 'at'], order: ['desc', 'asc'] })
   */
  top(n: number, options: TopOptions<Row>): Aggregated<Row, Show<Keys & TopRow<Row, Keys>>, TopKind<K>>;
  /** How many rows each group has, in the column `count`. */
  count(): Aggregated<Row, Show<Keys & { count: number }>, K>;
}
/** The result of an operator that leaves out rows which come too late. */
export interface WithLateRows<out Late extends object, out Row extends object, out K extends Kind = 'rows'>
  extends Stream<Row, K> {
  /**
   * The rows that came too late. They are counted even if nobody takes them.
   *
   * @throws WeirError `E_PLAN` where nothing can be late, for want of a time
   */
  late(): Stream<Late>;
}
/** The result of an aggregation. */
export interface Aggregated<out In extends object, out Row extends object, out K extends Kind> extends Stream<Row, K> {
  /** The input rows that came after all their windows had closed. They are counted even if nobody takes them. */
  late(): Stream<In>;
}
/** The result of a join of two streams. */
export interface Joined<out L extends object, out R extends object, out Row extends object> extends Stream<Row, 'joined'> {
  /**
   * The rows of one side that came too late to meet anybody, as they came. They are counted even if nobody takes them.
   *
   * @throws WeirError `E_PLAN` where none of that side can be late, for want of a watermark, or of a bound of their times
   * @example const joined = shown.join(clicks, { on: 'adId', within: ['0 minutes', '1 hour'] }); joined.late('right')
   */
  late<const S extends 'left' | 'right'>(side: S): Stream<S extends 'left' ? L : R>;
}
export interface KeyedStream<Key, Row extends object> {
  /** The running combination of each key's rows. */
  reduce(fn: (a: Row, b: Row) => Row): Stream<Row, 'running'>;
  /** An operator of one's own, with state and timers per key. Late are rows that it emits behind a time that it promises (`t.eventTime`). */
  process<const S extends StateSpec, Out extends object>(definition: ProcessFunction<Key, Row, S, Out>): WithLateRows<Out, Out>;
}

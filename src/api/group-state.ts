/**
 * Keyed state in the words of Spark: `mapGroupsWithState`, `flatMapGroupsWithState`, `updateStateByKey`, thin over `process()`.
 *
 * Owns: the group's state as Spark's `GroupState` shows it, and its one timeout. Each makes a definition for `process()`, so all that is said
 * there holds: exact after any crash, one key at a time, in order.
 *
 * Spark calls the function once per key and micro-batch. Here there are none, and it is called once per row, with that one row: what comes
 * out would otherwise follow from how rows happen to be batched. What it gives in the end is the same; rows in between there may be more.
 */
import { type Duration, WeirError } from '../core/index.ts';
import { type Field } from './field.ts';
import { t } from './fields.ts';
import type { ProcessContext, ProcessFunction } from './process-function.ts';
import { type AnySchema, schema } from './schema.ts';
import { state, type StateField, type ValueState } from './state-field.ts';
import type { EventTime, Timestamp } from './values.ts';
import { positiveMs } from './window-key.ts';

/** What sets a group's timeout off: nothing, the clock, or the watermark. */
export type GroupStateTimeout = 'none' | 'processing-time' | 'event-time';

/** The state of one group, as its function sees it. A timeout holds until the function is called again: it has to be set each time. */
export interface GroupState<S> {
  readonly exists: boolean;
  /** @throws WeirError `E_VALUE` where there is none */
  get(): S;
  getOption(): S | undefined;
  update(value: S): void;
  /** Forgets the state. A timeout that is set stays set. */
  remove(): void;
  /** This call is that of the timeout: there are no rows. */
  readonly hasTimedOut: boolean;
  /** Calls the function without rows, unless it is called before, once the clock has gone on by so much. For timeout `processing-time`. */
  setTimeoutDuration(after: Duration): void;
  /** Calls the function without rows, unless it is called before, once the watermark has reached this time (ms). For timeout `event-time`. */
  setTimeoutTimestamp(at: number): void;
  readonly currentProcessingTime: Timestamp;
  /** -Infinity before the first watermark. */
  readonly currentWatermark: number;
}

export interface GroupStateDefinition<Key, Row, S, Out extends object, Result> {
  readonly state: Field<any, S>;
  /** The rows that the function gives. */
  readonly emits: AnySchema<any, Out>;
  /** `none` unless said. */
  readonly timeout?: GroupStateTimeout;
  /**
   * The state with which a key begins; asked once for each key, when its first row comes, and not again after the state was removed. Keys
   * without a row have none, where Spark calls the function for them too.
   */
  readonly initialState?: (key: Key) => S | undefined;
  /** @param rows one, or none if the group has timed out */
  readonly fn: (key: Key, rows: readonly Row[], state: GroupState<S>) => Result;
}
type GroupSpec<S> = {
  readonly group: StateField<ValueState<S>>;
  readonly begun: StateField<ValueState<boolean>>;
};
type GroupContext<Key, S, Out> = ProcessContext<Key, GroupSpec<S>, Out>;
export type GroupProcess<Key, Row, S, Out extends object> = ProcessFunction<Key, Row, GroupSpec<S>, Out>;

/**
 * Any number of rows for each call of the function, to be given to `process()`:
 * `rows.keyBy('id').process(flatMapGroupsWithState({ state, emits, timeout: 'processing-time', fn }))`.
 */
export function flatMapGroupsWithState<Key, Row, S, Out extends object>(
  definition: GroupStateDefinition<Key, Row, S, Out, Iterable<Out>>,
): GroupProcess<Key, Row, S, Out> {
  const { emits, initialState, fn, timeout = 'none' } = definition;
  const call = (rows: readonly Row[], ctx: GroupContext<Key, S, Out>): void => {
    // The one that was set, if this call is not its own.
    for (const at of ctx.timers()) ctx.deleteTimer(at);
    for (const at of ctx.processingTimers()) ctx.deleteProcessingTimer(at);
    for (const row of fn(ctx.key, rows, groupState(ctx, rows.length === 0, timeout))) ctx.emit(row);
  };
  return {
    state: { group: state.value(definition.state), begun: state.value(t.boolean) },
    emits,
    // As in Spark: whoever waits for the watermark has nothing to do with what lies behind it.
    ...(timeout === 'event-time' ? { late: 'drop' as const } : {}),
    onRow(row, ctx) {
      if (initialState !== undefined && ctx.state.begun.get() !== true) begin(initialState, ctx);
      call([row], ctx);
    },
    ...(timeout === 'event-time' ? { onTimer: (_at: EventTime, ctx: GroupContext<Key, S, Out>) => call([], ctx) } : {}),
    ...(timeout === 'processing-time'
      ? { onProcessingTimer: (_at: Timestamp, ctx: GroupContext<Key, S, Out>) => call([], ctx) }
      : {}),
  };
}

/** One row for each call of the function. */
export function mapGroupsWithState<Key, Row, S, Out extends object>(
  definition: GroupStateDefinition<Key, Row, S, Out, Out>,
): GroupProcess<Key, Row, S, Out> {
  const { fn } = definition;
  return flatMapGroupsWithState({ ...definition, fn: (key: Key, rows: readonly Row[], group) => [fn(key, rows, group)] });
}

/**
 * The state of each key, updated by its rows and given after each: rows `{ key, state }`.
 *
 * @param definition `update` is given one row and the state, and gives the next one; undefined forgets the key, and gives no row
 */
export function updateStateByKey<Key, Row, S>(definition: {
  readonly key: Field<any, Key>;
  readonly state: Field<any, S>;
  readonly update: (rows: readonly Row[], state: S | undefined) => S | undefined;
}): GroupProcess<Key, Row, S, { key: Key; state: S }> {
  return flatMapGroupsWithState<Key, Row, S, { key: Key; state: S }>({
    state: definition.state,
    emits: schema({ key: definition.key, state: definition.state }) as unknown as AnySchema<any, { key: Key; state: S }>,
    fn(key, rows, group) {
      const next = definition.update(rows, group.getOption());
      if (next === undefined) group.remove();
      else group.update(next);
      return next === undefined ? [] : [{ key, state: next }];
    },
  });
}

function begin<Key, S, Out>(initialState: (key: Key) => S | undefined, ctx: GroupContext<Key, S, Out>): void {
  ctx.state.begun.set(true);
  const initial = initialState(ctx.key);
  if (initial !== undefined) ctx.state.group.set(initial);
}

function groupState<Key, S, Out>(
  ctx: GroupContext<Key, S, Out>,
  hasTimedOut: boolean,
  timeout: GroupStateTimeout,
): GroupState<S> {
  const { group } = ctx.state;
  const requireTimeout = (wanted: GroupStateTimeout, what: string): void => {
    if (timeout !== wanted)
      throw new WeirError('E_VALUE', `${what} is for groups with \`timeout: '${wanted}'\`, and this one has '${timeout}'`);
  };
  return {
    hasTimedOut,
    get exists(): boolean {
      return group.get() !== undefined;
    },
    get(): S {
      const found = group.get();
      if (found === undefined) throw new WeirError('E_VALUE', 'the group has no state: ask `exists`, or take getOption()');
      return found;
    },
    getOption: () => group.get(),
    update: (value) => group.set(value),
    remove: () => group.clear(),
    setTimeoutDuration(after) {
      requireTimeout('processing-time', 'setTimeoutDuration()');
      for (const at of ctx.processingTimers()) ctx.deleteProcessingTimer(at);
      ctx.setProcessingTimer(ctx.now + positiveMs(after, 'setTimeoutDuration()'));
    },
    setTimeoutTimestamp(at) {
      requireTimeout('event-time', 'setTimeoutTimestamp()');
      for (const before of ctx.timers()) ctx.deleteTimer(before);
      ctx.setTimer(at);
    },
    currentProcessingTime: ctx.now,
    currentWatermark: ctx.watermark,
  };
}

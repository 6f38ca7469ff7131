/** The operator that users write: state and timers per key, one row at a time. Types only. */
import type { AnySchema } from './schema.ts';
import type { Handles, StateSpec } from './state-field.ts';
import type { EventTime, Timestamp } from './values.ts';

export interface ProcessContext<Key, S extends StateSpec, Out> {
  readonly key: Key;
  /** This key's state. Held in checkpoints; exact after any crash. */
  readonly state: Handles<S>;
  emit(this: void, row: Out): void;
  /**
   * Calls `onTimer(at)` for this key once the watermark has passed `at` (ms). Setting the same time twice is one timer.
   *
   * @throws WeirError `E_VALUE` for what is no time, and without `onTimer`
   */
  setTimer(this: void, at: number): void;
  deleteTimer(this: void, at: number): void;
  /** The times that are set for this key and have not come, the earliest first. */
  timers(this: void): readonly Timestamp[];
  /**
   * Calls `onProcessingTimer(at)` for this key once the clock has reached `at` (ms since 1970, as `now`). Setting the same time twice is one
   * timer. What falls due while the job is down fires when it is up again. The end of a bounded input waits for none: those that are due
   * then fire, the others do not.
   *
   * @throws WeirError `E_VALUE` for what is no time, and without `onProcessingTimer`
   */
  setProcessingTimer(this: void, at: number): void;
  deleteProcessingTimer(this: void, at: number): void;
  /** The times on the clock that are set for this key and have not come, the earliest first. */
  processingTimers(this: void): readonly Timestamp[];
  /** Event time has reached this; -Infinity before the first watermark. */
  readonly watermark: number;
  /**
   * The clock's time, ms since 1970: the only clock that is right in here. It stands still during a call and never goes back. After a crash
   * a row comes again at another time: what was made of the first one was never published.
   */
  readonly now: Timestamp;
}
export interface ProcessFunction<Key, Row, S extends StateSpec, Out extends object> {
  /** Names are the state's identity: renaming one forgets it, and is refused unless allowed. */
  readonly state?: S;
  /** The rows that `emit` takes. */
  readonly emits: AnySchema<any, Out>;
  /**
   * What becomes of rows that are late, by the latest of their times under a watermark: they are handed over as others are, or left out and
   * counted (`rowsLate`). `take` unless said.
   */
  readonly late?: 'take' | 'drop';
  onRow(row: Row, ctx: ProcessContext<Key, S, Out>): void;
  /**
   * The watermark has passed a time that was set with `setTimer`. Rows that it emits are in time if theirs (`t.eventTime`) is not before `at`;
   * those of `onRow`, if it is not before what its row's split had reached.
   */
  onTimer?(at: EventTime, ctx: ProcessContext<Key, S, Out>): void;
  /**
   * The clock has reached a time that was set with `setProcessingTimer`; between batches, so rows that came just before may be handed over
   * first. It is a function of its own, because times of the two clocks have nothing to do with each other: one that is meant for the one
   * is never called, by mistake, with a time of the other.
   */
  onProcessingTimer?(at: Timestamp, ctx: ProcessContext<Key, S, Out>): void;
}

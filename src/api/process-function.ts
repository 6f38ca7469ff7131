/** The operator that users write: state and timers per key, one row at a time. Types only. */
import type { AnySchema } from './schema.ts';
import type { Handles, StateSpec } from './state-field.ts';
import type { Timestamp } from './values.ts';

export interface ProcessContext<Key, S extends StateSpec, Out> {
  readonly key: Key;
  /** This key's state. Held in checkpoints; exact after any crash. */
  readonly state: Handles<S>;
  emit(this: void, row: Out): void;
  /** Calls `onTimer(at)` for this key once the watermark has passed `at`. Setting the same time twice is one timer. */
  setTimer(this: void, at: number): void;
  deleteTimer(this: void, at: number): void;
  /** Event time has reached this; -Infinity before the first watermark. */
  readonly watermark: number;
}
export interface ProcessFunction<Key, Row, S extends StateSpec, Out extends object> {
  /** Names are the state's identity: renaming one forgets it, and is refused unless allowed. */
  readonly state?: S;
  /** The rows that `emit` takes. */
  readonly emits: AnySchema<any, Out>;
  onRow(row: Row, ctx: ProcessContext<Key, S, Out>): void;
  onTimer?(at: Timestamp, ctx: ProcessContext<Key, S, Out>): void;
}

/**
 * Calls of a process function: what it sees, what it emits, and what becomes of a call that throws.
 *
 * Owns: the context handed to the user, the rows emitted so far, lateness of emitted rows (a `t.eventTime` before what the call stands for, a
 * row's stamp or a timer's time, goes to port 'late': that depends on no timing), and guarding: the key's state is copied before the call and put back if it throws.
 * Does not own: which call comes when (process-operator.ts).
 */
import { type Batch, hashKey, keyGroupOf, keyValues } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ProcessNode } from '../plan/index.ts';
import { EmittedRows } from './emitted-rows.ts';
import { type EventMoment, type KeyAtHand, type StateHandle, stateHandle, type StatePlace } from './keyed-state.ts';
import { type OpenGroup, openGroup } from './open-group.ts';
import type { OperatorContext, Output } from './operator.ts';
import { ProcessingClock } from './processing-clock.ts';
import { rowResult } from './row-result.ts';
import { Timers } from './timers.ts';

export class ProcessCalls {
  readonly timers: Timers;
  readonly processingTimers: Timers;
  /** What the function may ask for; raised by the operator before each call. */
  watermark: number = -Infinity;
  /** Event time of the call that follows, as state sees it. */
  readonly event: EventMoment = { now: -Infinity, at: -Infinity };
  readonly #node: ProcessNode;
  readonly #context: OperatorContext;
  readonly #at: KeyAtHand = { key: '', group: 0 };
  readonly #clock: ProcessingClock;
  readonly #states: readonly StateHandle[];
  readonly #face: object;
  readonly #rows: EmittedRows;
  /** Rows of the call under way, if it is guarded. */
  readonly #trial: EmittedRows;
  #emitTo: EmittedRows;

  constructor(node: ProcessNode, context: OperatorContext) {
    this.#node = node;
    this.#context = context;
    this.timers = new Timers('timers', (name, codec) => context.table(name, codec));
    this.processingTimers = new Timers('processing timers', (name, codec) => context.table(name, codec));
    this.#rows = new EmittedRows(node.schema);
    this.#trial = new EmittedRows(node.schema);
    this.#emitTo = this.#rows;
    this.#clock = new ProcessingClock(context.clock);
    const place: StatePlace = {
      at: this.#at,
      table: (name, codec) => context.table(name, codec),
      now: () => this.#clock.now,
      event: this.event,
    };
    const declared = Object.entries(node.state).map(
      ([name, declaration]) => [name, stateHandle(name, declaration, place)] as const,
    );
    this.#states = declared.map(([, handle]) => handle);
    this.#face = this.#faceOver(Object.fromEntries(declared.map(([name, handle]) => [name, handle.face])));
  }

  /** Rows that wait to be flushed. */
  get waiting(): number {
    return this.#rows.length;
  }

  /** Processing time, the same during a call. */
  get now(): number {
    return this.#clock.now;
  }

  /** The calls that follow are about this key. */
  select(key: string, group: number = keyGroupOf(hashKey(key), this.#context.keyGroups)): void {
    this.#at.key = key;
    this.#at.group = group;
    this.#clock.next();
  }

  /** Processing time as it is now. */
  readClock(): number {
    this.#clock.next();
    return this.#clock.now;
  }

  /** Clears away what is over by the clock, or by this watermark, among so many entries of each state. */
  sweep(entries: number, watermark: number): void {
    this.#clock.next();
    this.event.now = watermark;
    for (const state of this.#states) state.sweep(entries);
  }

  /** A key's timers, for people. */
  openTimers(key: string): readonly OpenGroup[] {
    const what = 'wait for a timer';
    return [
      ...this.timers
        .of(key)
        .map((end) => openGroup(end < theEnd ? { what, start: null, end } : { what: atEnd, start: null, end: null })),
      ...this.processingTimers.of(key).map((end) => openGroup({ what, start: null, end, byClock: true })),
    ];
  }

  /** Calls `onRow`. Throws what it throws; then nothing has changed, if guarded. */
  onRow(batch: Batch, i: number): void {
    this.#call(() => this.#node.onRow(batch.row(i) as never, this.#face as never));
  }

  /** The call that follows is of this time, and sees what the watermark `passed` leaves. */
  isAt(at: number, passed: number): void {
    this.event.now = passed;
    this.event.at = Math.max(at, passed);
  }

  onTimer(at: number): void {
    this.#call(() => this.#node.onTimer?.(at as never, this.#face as never));
  }

  onProcessingTimer(at: number): void {
    this.#call(() => this.#node.onProcessingTimer?.(at as never, this.#face as never));
  }

  /** Calls another function over the same context. Throws what it throws; then nothing has changed, if guarded. */
  run(fn: (context: never) => void): void {
    this.#call(() => fn(this.#face as never));
  }

  flush(out: Output, stamp: number): void {
    const late = this.#rows.flush(out, stamp);
    if (late > 0) this.#context.count('late', late);
  }

  #call(fn: () => void): void {
    if (!this.#context.guarded) return fn();
    const { key, group } = this.#at;
    const timers = [this.timers.capture(key, group), this.processingTimers.capture(key, group)];
    const undo = [...timers, ...this.#states.map((state) => state.capture())];
    this.#emitTo = this.#trial;
    try {
      fn();
      this.#trial.moveTo(this.#rows);
    } catch (thrown) {
      for (const each of undo) each();
      this.#trial.clear();
      throw thrown;
    } finally {
      this.#emitTo = this.#rows;
    }
  }

  #faceOver(state: object): object {
    const calls = this;
    const { timers, processingTimers } = this;
    const at = this.#at;
    return {
      get key(): unknown {
        return keyValues(at.key)[0];
      },
      state,
      get watermark(): number {
        return calls.watermark;
      },
      get now(): number {
        return calls.now;
      },
      emit: (row: object): void =>
        this.#emitTo.add(rowResult({ kind: 'process', ...validateOf(this.#node) }, row), this.event.now),
      setTimer: (time: number): void => {
        if (this.#node.onTimer === undefined) throw useless('setTimer', 'onTimer', 'the watermark has passed the time');
        timers.set(at.key, at.group, finite(time));
      },
      deleteTimer: (time: number): void => timers.delete(at.key, finite(time)),
      timers: (): readonly number[] => timers.of(at.key),
      setProcessingTimer: (time: number): void => {
        if (this.#node.onProcessingTimer === undefined)
          throw useless('setProcessingTimer', 'onProcessingTimer', 'the clock has reached the time');
        processingTimers.set(at.key, at.group, finite(time));
      },
      deleteProcessingTimer: (time: number): void => processingTimers.delete(at.key, finite(time)),
      processingTimers: (): readonly number[] => processingTimers.of(at.key),
    };
  }
}

const useless = (what: string, without: string, when: string): WeirError =>
  new WeirError('E_VALUE', `${what}() is of no use without ${without}()`, {
    hint: `give it a function ${without}(at, ctx), which is called when ${when}`,
  });

/** No watermark but the last one is as late. */
const theEnd = Number.MAX_SAFE_INTEGER;
const atEnd = 'wait for the end of the input';

const validateOf = ({ validate }: ProcessNode): { validate?: (value: unknown) => unknown } =>
  validate === undefined ? {} : { validate };

function finite(time: unknown): number {
  if (typeof time === 'number' && Number.isFinite(time)) return time;
  throw new WeirError('E_VALUE', `a timer needs a time in milliseconds, got ${String(time)}`);
}

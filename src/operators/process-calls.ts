/**
 * Calls of a process function: what it sees, what it emits, and what becomes of a call that throws.
 *
 * Owns: the context handed to the user, the rows emitted so far, lateness of emitted rows (a `t.eventTime` behind the
 * watermark goes to port 'late'), and guarding: the key's state is copied before the call and put back if it throws.
 * Does not own: which call comes when (process-operator.ts).
 */
import { type Batch, hashKey, keyGroupOf, keyValues } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ProcessNode } from '../plan/index.ts';
import { EmittedRows } from './emitted-rows.ts';
import { type KeyAtHand, type StateHandle, stateHandle } from './keyed-state.ts';
import type { OperatorContext, Output } from './operator.ts';
import { rowResult } from './row-result.ts';
import { Timers } from './timers.ts';

export class ProcessCalls {
  readonly timers: Timers;
  /** What the function may ask for; raised by the operator before each call. */
  watermark: number = -Infinity;
  readonly #node: ProcessNode;
  readonly #context: OperatorContext;
  readonly #at: KeyAtHand = { key: '', group: 0 };
  readonly #states: readonly StateHandle[];
  readonly #face: object;
  readonly #rows: EmittedRows;
  /** Rows of the call under way, if it is guarded. */
  readonly #trial: EmittedRows;
  #emitTo: EmittedRows;

  constructor(node: ProcessNode, context: OperatorContext) {
    this.#node = node;
    this.#context = context;
    this.timers = new Timers((name, codec) => context.table(name, codec));
    this.#rows = new EmittedRows(node.schema);
    this.#trial = new EmittedRows(node.schema);
    this.#emitTo = this.#rows;
    const declared = Object.entries(node.state).map(
      ([name, declaration]) =>
        [name, stateHandle(name, declaration, (table, codec) => context.table(table, codec), this.#at)] as const,
    );
    this.#states = declared.map(([, handle]) => handle);
    this.#face = this.#faceOver(Object.fromEntries(declared.map(([name, handle]) => [name, handle.face])));
  }

  /** Rows that wait to be flushed. */
  get waiting(): number {
    return this.#rows.length;
  }

  /** The calls that follow are about this key. */
  select(key: string): void {
    this.#at.key = key;
    this.#at.group = keyGroupOf(hashKey(key), this.#context.keyGroups);
  }

  /** Calls `onRow`. Throws what it throws; then nothing has changed, if guarded. */
  onRow(batch: Batch, i: number): void {
    this.#call(() => this.#node.onRow(batch.row(i) as never, this.#face as never));
  }

  onTimer(at: number): void {
    this.#call(() => this.#node.onTimer?.(at as never, this.#face as never));
  }

  flush(out: Output, stamp: number): void {
    const late = this.#rows.flush(out, stamp);
    if (late > 0) this.#context.count('late', late);
  }

  #call(fn: () => void): void {
    if (!this.#context.guarded) return fn();
    const { key, group } = this.#at;
    const undo = [this.timers.capture(key, group), ...this.#states.map((state) => state.capture())];
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
    const { timers } = this;
    const at = this.#at;
    return {
      get key(): unknown {
        return keyValues(at.key)[0];
      },
      state,
      get watermark(): number {
        return calls.watermark;
      },
      emit: (row: object): void =>
        this.#emitTo.add(rowResult({ kind: 'process', ...validateOf(this.#node) }, row), this.watermark),
      setTimer: (time: number): void => timers.set(at.key, at.group, finite(time)),
      deleteTimer: (time: number): void => timers.delete(at.key, finite(time)),
    };
  }
}

const validateOf = ({ validate }: ProcessNode): { validate?: (value: unknown) => unknown } =>
  validate === undefined ? {} : { validate };

function finite(time: unknown): number {
  if (typeof time === 'number' && Number.isFinite(time)) return time;
  throw new WeirError('E_VALUE', `a timer needs a time in milliseconds, got ${String(time)}`);
}

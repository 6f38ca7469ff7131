/**
 * Keyed processing: a function of the user's over rows and timers, with state per key.
 *
 * Owns: the order of calls. Talks through: `ProcessCalls`, `Timers`.
 * Before a row is handed over, the timers of its key fire that are due at the watermark which the row stands for (T6), as
 * in an engine that takes one record at a time; all others fire as the operator's watermark rises, by time. Emitted rows
 * carry the last forwarded watermark as stamp (T7).
 * Invariants: U2 (timers.ts); U4 a call that throws fails the generation; guarded, it changes nothing and its row is set
 * aside.
 */
import type { Batch } from '../batch/index.ts';
import type { ProcessNode } from '../plan/index.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import { keyExtractor, keyInWords } from './key.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { ProcessCalls } from './process-calls.ts';
import { Resumable } from './resumable.ts';
import { closureFault } from './row-fault.ts';
import { stepRowsMax } from './step-rows.ts';

interface Snapshot {
  readonly ordinal: number;
  readonly watermark: number;
}

class ProcessOperator implements Operator {
  readonly #node: ProcessNode;
  readonly #keyOf: (batch: Batch) => (row: number) => string;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #calls!: ProcessCalls;
  #watermark = -Infinity;

  constructor(node: ProcessNode) {
    this.#node = node;
    this.#keyOf = keyExtractor(node.key);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#calls = new ProcessCalls(this.#node, context);
  }

  process(batch: Batch, out: Output, advanceTo: (row: number) => number): Step {
    return this.#work.step(() => this.#rows(batch, out, advanceTo));
  }

  onWatermark(watermark: number, out: Output): Step {
    return this.#work.step(() => this.#advance(watermark, out));
  }

  snapshot(): Snapshot {
    return { ordinal: this.#calls.timers.ordinal, watermark: this.#watermark };
  }

  restore(parts: readonly RestoredPart[]): void {
    const snapshots = parts.map((part) => part.value as Snapshot);
    this.#watermark = parts.length === 0 ? -Infinity : Math.min(...snapshots.map(({ watermark }) => watermark));
    this.#calls.timers.ordinal = Math.max(0, ...snapshots.map(({ ordinal }) => ordinal));
    this.#calls.timers.recall();
  }

  *#rows(batch: Batch, out: Output, advanceTo: (row: number) => number): Generator<void, void> {
    const keyAt = this.#keyOf(batch);
    for (let i = 0; i < batch.length; i++) {
      const key = this.#keyAt(batch, i, keyAt);
      if (key !== null) this.#row(batch, i, key, advanceTo(i));
      if (this.#mustFlush(out)) {
        this.#calls.flush(out, this.#watermark);
        yield;
      }
    }
    this.#calls.flush(out, this.#watermark);
  }

  *#advance(watermark: number, out: Output): Generator<void, void> {
    const { timers } = this.#calls;
    let fired = 0;
    this.#calls.watermark = Math.max(this.#watermark, watermark);
    for (let timer = timers.take(watermark); timer !== undefined; timer = timers.take(watermark)) {
      this.#calls.select(timer.key);
      this.#timer(timer.key, timer.at);
      // Timers that emit nothing take time too, and may set others without end.
      if (++fired % stepRowsMax !== 0 && !this.#mustFlush(out)) continue;
      this.#calls.flush(out, this.#watermark);
      yield;
    }
    this.#calls.flush(out, this.#watermark);
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  #mustFlush(out: Output): boolean {
    return this.#calls.waiting >= stepRowsMax || (out.full === true && this.#calls.waiting > 0);
  }

  /** Null: the row has no key, and was set aside. */
  #keyAt(batch: Batch, i: number, keyAt: (row: number) => string): string | null {
    try {
      return keyAt(i);
    } catch (thrown) {
      setAside(this.#context, this.#node.site, batch, i, thrown);
      return null;
    }
  }

  #row(batch: Batch, i: number, key: string, advancedTo: number): void {
    const calls = this.#calls;
    const watermark = Math.max(this.#watermark, advancedTo);
    calls.select(key);
    calls.watermark = watermark;
    for (let at = calls.timers.takeFor(key, watermark); at !== undefined; at = calls.timers.takeFor(key, watermark))
      this.#timer(key, at);
    try {
      calls.onRow(batch, i);
    } catch (thrown) {
      setAsideOfKey(this.#context, this.#node.site, batch, i, { key, thrown });
    }
  }

  #timer(key: string, at: number): void {
    try {
      this.#calls.onTimer(at);
    } catch (thrown) {
      const fault = closureFault(thrown, {
        operator: this.#context.operator,
        site: this.#node.site,
        position: '',
        key: `${keyInWords(key)}, timer ${at}`,
      });
      if (!this.#context.guarded) throw fault;
      const bytes = new TextEncoder().encode(JSON.stringify({ key: keyInWords(key), timer: at }));
      this.#context.deadLetter({ bytes, error: fault.message, operator: this.#context.operator, position: '' }, fault);
    }
  }
}

export function processOperator(node: ProcessNode): Operator {
  return new ProcessOperator(node);
}

/**
 * Keyed processing: a function of the user's over rows and timers, with state per key.
 *
 * Owns: the order of calls. Talks through: `ProcessCalls`, `Timers`.
 * Timers in processing time fire between batches, as the task's clock reaches them, and those that are due at the end of the input then.
 * Before a row is handed over, the timers of its key fire that are due at the watermark which the row stands for (T6), as
 * in an engine that takes one record at a time; all others fire as the operator's watermark rises, by time, or behind the batch, or the
 * timers of the clock, that set them for a time which it had reached. Emitted rows carry the last forwarded watermark as stamp (T7).
 * Invariants: U2 (timers.ts); U4 a call that throws fails the generation; guarded, it changes nothing and its row is set
 * aside.
 */
import type { Batch } from '../batch/index.ts';
import { equalIsLate, type ProcessNode, type StateShape } from '../plan/index.ts';
import type { OlderTables } from '../state/index.ts';
import { orSetAside, setAsideOfKey } from './dead-rows.ts';
import { keyExtractor, keyInWords } from './key.ts';
import type { OpenGroup } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { olderTables } from './older-state.ts';
import { ProcessCalls } from './process-calls.ts';
import { restoredWatermark } from './restored-watermark.ts';
import { Resumable } from './resumable.ts';
import { closureFault } from './row-fault.ts';
import { lateFrom, timeOf } from './row-time.ts';
import { stepRowsMax } from './step-rows.ts';
import { sweptPerBarrier, sweptPerRow } from './sweep-rates.ts';

interface Snapshot {
  readonly ordinal: number;
  /** Of the timers in processing time. */
  readonly processing?: number;
  readonly watermark: number;
}

interface RowAtHand {
  readonly key: string;
  /** The watermark that it stands for. */
  readonly advancedTo: number;
  readonly time: number;
  /** The watermark from which it is late, and left out. */
  readonly lateFrom: number;
}

class ProcessOperator implements Operator {
  readonly #node: ProcessNode;
  readonly #keyOf: (batch: Batch) => (row: number) => string;
  readonly #work = new Resumable();
  readonly #equalIsLate: boolean;
  #context!: OperatorContext;
  #calls!: ProcessCalls;
  #watermark = -Infinity;

  constructor(node: ProcessNode) {
    this.#node = node;
    this.#keyOf = keyExtractor(node.key);
    this.#equalIsLate = equalIsLate(node.input);
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

  get dueAt(): number | undefined {
    return this.#calls.processingTimers.first;
  }

  onTime(now: number, out: Output): Step {
    return this.#work.step(() => this.#due(now, out, stepRowsMax));
  }

  onBarrier(): Step {
    this.#calls.sweep(sweptPerBarrier, this.#watermark);
    return 'done';
  }

  openOf(key: string): readonly OpenGroup[] {
    return this.#calls.openTimers(key);
  }

  snapshot(): Snapshot {
    const { timers, processingTimers } = this.#calls;
    return { ordinal: timers.ordinal, processing: processingTimers.ordinal, watermark: this.#watermark };
  }

  olderTables(shapes: Readonly<Record<string, unknown>>, parts: readonly RestoredPart[]): OlderTables {
    const known = { context: this.#context, watermark: watermarkOf(parts) };
    return olderTables(known, this.#node, shapes as Readonly<Record<string, StateShape>>);
  }

  restore(parts: readonly RestoredPart[]): void {
    const snapshots = parts.map((part) => part.value as Snapshot);
    this.#watermark = watermarkOf(parts);
    const { timers, processingTimers } = this.#calls;
    timers.ordinal = Math.max(0, ...snapshots.map(({ ordinal }) => ordinal));
    processingTimers.ordinal = Math.max(0, ...snapshots.map(({ processing = 0 }) => processing));
    timers.recall();
    processingTimers.recall();
  }

  *#rows(batch: Batch, out: Output, advanceTo: (row: number) => number): Generator<void, void> {
    const keyAt = this.#keyOf(batch);
    const timeOfRow = this.#timesOf(batch);
    const lateFromOf = this.#latenessOf(batch);
    for (let i = 0; i < batch.length; i++) {
      const key = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      if (key !== null) this.#row(batch, i, { key, advancedTo: advanceTo(i), time: timeOfRow(i), lateFrom: lateFromOf(i) });
      if (this.#mustFlush(out)) {
        this.#calls.flush(out, this.#watermark);
        yield;
      }
    }
    yield* this.#fire(this.#watermark, out);
    this.#calls.sweep(batch.length * sweptPerRow, this.#watermark);
  }

  *#advance(watermark: number, out: Output): Generator<void, void> {
    if (watermark === Infinity) yield* this.#due(this.#calls.readClock(), out, Infinity);
    yield* this.#fire(watermark, out);
    this.#watermark = Math.max(this.#watermark, watermark);
  }

  /** Those in event time: as the watermark rises, and where they were set for a time that it had reached. */
  *#fire(watermark: number, out: Output): Generator<void, void> {
    const { timers } = this.#calls;
    let fired = 0;
    this.#calls.watermark = Math.max(this.#watermark, watermark);
    for (let timer = timers.take(watermark); timer !== undefined; timer = timers.take(watermark)) {
      this.#calls.select(timer.key);
      this.#timer(timer.key, timer.at, 'timer');
      // Timers that emit nothing take time too, and may set others without end.
      if (++fired % stepRowsMax !== 0 && !this.#mustFlush(out)) continue;
      this.#calls.flush(out, this.#watermark);
      yield;
    }
    this.#calls.flush(out, this.#watermark);
  }

  /** Those set in processing time: no more than so many, since they may set others without end. */
  *#due(now: number, out: Output, most: number): Generator<void, void> {
    const { processingTimers } = this.#calls;
    this.#calls.watermark = this.#watermark;
    for (let fired = 0; fired < most; fired++) {
      const timer = processingTimers.take(now);
      if (timer === undefined) break;
      this.#calls.select(timer.key);
      this.#timer(timer.key, timer.at, 'processing timer');
      if (!this.#mustFlush(out)) continue;
      this.#calls.flush(out, this.#watermark);
      yield;
    }
    yield* this.#fire(this.#watermark, out);
  }

  #mustFlush(out: Output): boolean {
    return this.#calls.waiting >= stepRowsMax || (out.full === true && this.#calls.waiting > 0);
  }

  #row(batch: Batch, i: number, { key, advancedTo, time, lateFrom }: RowAtHand): void {
    const calls = this.#calls;
    const watermark = Math.max(this.#watermark, advancedTo);
    calls.select(key);
    calls.watermark = watermark;
    for (let at = calls.timers.takeFor(key, watermark); at !== undefined; at = calls.timers.takeFor(key, watermark))
      this.#timer(key, at, 'timer');
    const reached = Math.max(batch.stamp(i), this.#watermark);
    if (lateFrom <= reached) return this.#context.count('late', 1);
    calls.isAt(time, reached);
    try {
      calls.onRow(batch, i);
    } catch (thrown) {
      setAsideOfKey(this.#context, this.#node.site, batch, i, { key, thrown });
    }
  }

  /** When rows are, the latest of their times; -Infinity where they have none. */
  #timesOf(batch: Batch): (row: number) => number {
    const { timeColumns } = this.#node;
    if (timeColumns === undefined) return () => -Infinity;
    const columns = timeColumns.map((name) => batch.reader(name));
    return (row) => columns.reduce((latest, column) => Math.max(latest, timeOf(column(row)) ?? -Infinity), -Infinity);
  }

  /** Of rows that may be left out: the watermark from which they are late, by the latest of their times. */
  #latenessOf(batch: Batch): (row: number) => number {
    const { lateBy = [] } = this.#node;
    if (lateBy.length === 0) return () => Infinity;
    const columns = lateBy.map((name) => batch.reader(name));
    const from = (value: unknown): number => {
      const time = timeOf(value);
      return time === undefined ? -Infinity : lateFrom(value, time, this.#equalIsLate);
    };
    return (row) => {
      const latest = columns.reduce((most, column) => Math.max(most, from(column(row))), -Infinity);
      return latest === -Infinity ? Infinity : latest; // without a time it is never late
    };
  }

  #timer(key: string, at: number, which: 'timer' | 'processing timer'): void {
    // State is what it was at the timer's time, unless that was over when it was set.
    const time = which === 'timer' ? Math.max(at, this.#watermark) : this.#watermark;
    this.#calls.isAt(time, time);
    try {
      if (which === 'timer') this.#calls.onTimer(at);
      else this.#calls.onProcessingTimer(at);
    } catch (thrown) {
      const fault = closureFault(thrown, {
        operator: this.#context.operator,
        site: this.#node.site,
        position: '',
        key: `${keyInWords(key)}, ${which} ${at}`,
      });
      if (!this.#context.guarded) throw fault;
      const bytes = new TextEncoder().encode(JSON.stringify({ key: keyInWords(key), [which]: at }));
      this.#context.deadLetter({ bytes, error: fault.message, operator: this.#context.operator, position: '' }, fault);
    }
  }
}

const watermarkOf = (parts: readonly RestoredPart[]): number => restoredWatermark(parts, ({ watermark }: Snapshot) => watermark);

export function processOperator(node: ProcessNode): Operator {
  return new ProcessOperator(node);
}

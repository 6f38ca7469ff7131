/**
 * Aggregation by keys, of each one window that never ends: what goes out of it, and when, its trigger says.
 *
 * Owns: the order of rows and calls, and what becomes of what a window holds. Talks through: `TriggerCalls` (the trigger), `ShownGroups` (what was given out and
 * stays). Before a row is taken, the timers of its key fire that are due at the watermark which the row stands for (T6); all others fire as the
 * operator's watermark rises, by time, or behind the batch, or the timers of the clock, that set them for a time which it had reached. No row is late. What goes out and is purged goes at once and is final, to whoever asked; what stays
 * goes out as results do that change. Results carry the last forwarded watermark as stamp (T7).
 * Invariants: GW1 a trigger is asked once for each row, which its window then holds already; GW2 a key whose window holds nothing has neither state nor timers;
 * GW3 a row that an aggregate or a trigger throws on, guarded, changes nothing.
 */
import { type Batch, hashKey, keyGroupOf, rowKind } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import type { AggregateNode, Emission, TriggerAction } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { StateTable } from '../state/index.ts';
import { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import type { EmissionState } from './emissions.ts';
import { GroupValues } from './group-values.ts';
import { type GroupedKey, groupedKeys, keyInWords } from './key.ts';
import { type OpenGroup, openGroup, resultsOf } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { type Progress, progressOf } from './result-snapshot.ts';
import { ResultRows } from './result-rows.ts';
import { Resumable } from './resumable.ts';
import { closureFault } from './row-fault.ts';
import { timeOf } from './row-time.ts';
import { ShownGroups } from './shown-groups.ts';
import { stepRowsMax } from './step-rows.ts';
import { sweptPerBarrier, sweptPerRow } from './sweep-rates.ts';
import { TriggerCalls } from './trigger-calls.ts';

interface Snapshot extends Progress {
  /** Of the timers. */
  readonly timers: number;
  readonly processing: number;
  readonly emissions: Readonly<Record<string, EmissionState>>;
}
interface Taken extends GroupedKey {
  /** What the trigger is given. */
  readonly row: object;
}

class GlobalWindowOperator implements Operator {
  readonly #node: AggregateNode;
  readonly #keeps: boolean;
  readonly #emissions: readonly Emission[];
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  readonly #accumulators: Accumulators;
  readonly #values: GroupValues;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #held!: StateTable<Cell>;
  #trigger!: TriggerCalls;
  #shown: ShownGroups | undefined;
  #ordinal = 0;
  #forwarded = -Infinity;

  constructor(node: AggregateNode, emissions: readonly Emission[]) {
    this.#node = node;
    this.#keeps = node.trigger!.keeps === true;
    this.#emissions = emissions;
    this.#accumulators = Accumulators.of(node);
    this.#values = new GroupValues(node, this.#accumulators);
    this.#keysOf = groupedKeys({ columns: node.keys }, (key) => this.#groupOf(key));
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#held = context.table('held', this.#accumulators.codec);
    this.#trigger = new TriggerCalls(this.#node, context);
    if (!this.#keeps) return;
    const emissions = this.#emissions;
    this.#shown = new ShownGroups({
      node: this.#node,
      emissions,
      accumulators: this.#accumulators,
      values: this.#values,
      context,
    });
  }

  process(batch: Batch, out: Output, advanceTo: (row: number) => number): Step {
    return this.#work.step(() => this.#take(batch, out, advanceTo));
  }

  onWatermark(watermark: number, out: Output): Step {
    return this.#work.step(() => this.#advance(watermark, out));
  }

  get dueAt(): number | undefined {
    return this.#trigger.calls.processingTimers.first;
  }

  onTime(now: number, out: Output): Step {
    return this.#work.step(() => this.#due(now, this.#results(out), stepRowsMax));
  }

  onBarrier(barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#atBarrier(barrier, out));
  }

  openOf(key: string): readonly OpenGroup[] {
    const { schema, keys } = this.#node;
    const cell = this.#held.get(0, key);
    if (cell === undefined) return [];
    const rows = resultsOf(schema, keys.length, this.#values.rowsOf(undefined, key, cell));
    const waitsFor = `its trigger: ${this.#node.trigger!.text}`;
    const window = { what: 'window', start: null, end: null, ...this.#trigger.rowsOf(key), waitsFor };
    return [openGroup(window, rows), ...this.#trigger.calls.openTimers(key)];
  }

  snapshot(): Snapshot {
    const { timers, processingTimers } = this.#trigger.calls;
    return {
      ordinal: this.#ordinal,
      forwarded: this.#forwarded,
      timers: timers.ordinal,
      processing: processingTimers.ordinal,
      emissions: this.#shown?.snapshot() ?? {},
    };
  }

  restore(parts: readonly RestoredPart[]): void {
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
    const snapshots = parts.map((part) => part.value as Snapshot);
    const { timers, processingTimers } = this.#trigger.calls;
    timers.ordinal = Math.max(0, ...snapshots.map((each) => each.timers));
    processingTimers.ordinal = Math.max(0, ...snapshots.map((each) => each.processing));
    timers.recall();
    processingTimers.recall();
    parts.forEach((part, i) => this.#shown?.restore(part, snapshots[i]!.emissions));
    this.#shown?.recall();
  }

  // ── rows

  *#take(batch: Batch, out: Output, advanceTo: (row: number) => number): Generator<void, void> {
    const { calls } = this.#trigger;
    const keyAt = this.#keysOf(batch);
    const rowAt = this.#rowsOf(batch);
    const readers = this.#accumulators.readers(batch);
    const values: unknown[] = readers.map(() => null);
    const results = this.#results(out);
    for (let i = 0; i < batch.length; i++) {
      const taken = this.#checked(batch, i, () => {
        const { key, group } = keyAt(i);
        for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(i);
        this.#accumulators.check(values);
        return { key, group, row: rowAt(i) };
      });
      if (taken === null) continue;
      const { key, group } = taken;
      const watermark = Math.max(this.#forwarded, advanceTo(i));
      calls.select(key, group);
      calls.watermark = watermark;
      for (let at = calls.timers.takeFor(key, watermark); at !== undefined; at = calls.timers.takeFor(key, watermark))
        this.#timer(key, at, 'timer', results);
      const action = this.#row(batch, i, taken, values);
      if (action !== 'continue') this.#act(action, key, group, results);
      if (pass(results)) yield;
    }
    yield* this.#fire(this.#forwarded, results);
    calls.sweep(batch.length * sweptPerRow, this.#forwarded);
  }

  /** Null: the row was set aside. */
  #checked(batch: Batch, i: number, take: () => Taken): Taken | null {
    try {
      return take();
    } catch (thrown) {
      setAside(this.#context, this.#node.site, batch, i, thrown);
      return null;
    }
  }

  /** What the trigger is given of each row. */
  #rowsOf(batch: Batch): (i: number) => object {
    const columns = this.#node.trigger!.columns.map(({ name, column, isTime = false }) => {
      const read = batch.reader(column);
      return { name, read: isTime ? (i: number) => timeIn(read(i), column) : read };
    });
    return (i) => {
      const row: Record<string, unknown> = {};
      for (const { name, read } of columns) row[name] = read(i);
      return row;
    };
  }

  #row(batch: Batch, i: number, { key, group, row }: Taken, values: readonly unknown[]): TriggerAction {
    const { guarded } = this.#context;
    const known = guarded ? this.#held.get(0, key) : this.#held.modify(0, key);
    try {
      const cell = this.#cellOf(known);
      this.#accumulators.accumulate(cell, values, this.#ordinal + 1);
      const action = this.#trigger.onRow(row);
      this.#ordinal++;
      if (known === undefined || guarded) this.#held.put(0, key, group, cell);
      return action;
    } catch (thrown) {
      setAsideOfKey(this.#context, this.#node.site, batch, i, { key, thrown });
      return 'continue';
    }
  }

  #cellOf(known: Cell | undefined): Cell {
    if (known === undefined) return this.#accumulators.newCell(this.#ordinal + 1);
    return this.#context.guarded ? this.#accumulators.copy(known) : known;
  }

  #act(action: TriggerAction, key: string, group: number, results: readonly ResultRows[]): void {
    if (action === 'emit' || action === 'emit-and-purge') {
      const cell = this.#held.get(0, key);
      invariant(cell !== undefined, 'GW2: a window that fires holds a row');
      if (this.#shown === undefined) for (const { rows } of results) this.#values.append(rows, undefined, key, cell);
      else this.#shown.show(key, group, cell, ++this.#ordinal);
    }
    if (action !== 'purge' && action !== 'emit-and-purge') return;
    this.#held.delete(0, key);
    this.#trigger.clear();
  }

  // ── timers

  *#advance(watermark: number, out: Output): Generator<void, void> {
    const results = this.#results(out);
    if (watermark === Infinity) yield* this.#due(this.#trigger.calls.readClock(), results, Infinity);
    yield* this.#fire(watermark, results);
    this.#forwarded = Math.max(this.#forwarded, watermark);
  }

  /** Those in event time: as the watermark rises, and where they were set for a time that it had reached. */
  *#fire(watermark: number, results: readonly ResultRows[]): Generator<void, void> {
    const { calls } = this.#trigger;
    let fired = 0;
    calls.watermark = Math.max(this.#forwarded, watermark);
    for (let timer = calls.timers.take(watermark); timer !== undefined; timer = calls.timers.take(watermark)) {
      calls.select(timer.key);
      this.#timer(timer.key, timer.at, 'timer', results);
      // Timers that emit nothing take time too, and may set others without end.
      if (pass(results) || ++fired % stepRowsMax === 0) yield;
    }
    flush(results);
  }

  /** Those set in processing time: no more than so many, since they may set others without end. */
  *#due(now: number, results: readonly ResultRows[], most: number): Generator<void, void> {
    const { calls } = this.#trigger;
    calls.watermark = this.#forwarded;
    for (let fired = 0; fired < most; fired++) {
      const timer = calls.processingTimers.take(now);
      if (timer === undefined) break;
      calls.select(timer.key);
      this.#timer(timer.key, timer.at, 'processing timer', results);
      if (pass(results)) yield;
    }
    yield* this.#fire(this.#forwarded, results);
  }

  #timer(key: string, at: number, which: 'timer' | 'processing timer', results: readonly ResultRows[]): void {
    let action: TriggerAction;
    try {
      action = which === 'timer' ? this.#trigger.onTimer(at) : this.#trigger.onProcessingTimer(at);
    } catch (thrown) {
      const context = this.#context;
      const where = { operator: context.operator, site: this.#node.site, position: '' };
      const fault = closureFault(thrown, { ...where, key: `${keyInWords(key)}, ${which} ${at}` });
      if (!context.guarded) throw fault;
      const bytes = new TextEncoder().encode(JSON.stringify({ key: keyInWords(key), [which]: at }));
      context.deadLetter({ bytes, error: fault.message, operator: context.operator, position: '' }, fault);
      return;
    }
    this.#act(action, key, this.#groupOf(key), results);
  }

  // ── results

  *#atBarrier(barrier: Barrier, out: Output): Generator<void, void> {
    this.#trigger.calls.sweep(sweptPerBarrier, this.#forwarded);
    if (this.#shown !== undefined) yield* this.#shown.emitDue(barrier, out, this.#forwarded, this.#ordinal);
  }

  /** Of what is final, for each that wants it. */
  #results(out: Output): readonly ResultRows[] {
    if (this.#keeps) return [];
    const target = { kind: rowKind.insert, stamp: this.#forwarded };
    return this.#emissions.map(({ port }) => new ResultRows(this.#node.schema, out, { port, ...target }));
  }

  #groupOf(key: string): number {
    return keyGroupOf(hashKey(key), this.#context.keyGroups);
  }
}

/** True: something has gone out, and here the operator may answer `more`. */
function pass(results: readonly ResultRows[]): boolean {
  let passed = false;
  for (const result of results) passed = result.pass() || passed;
  return passed;
}

function flush(results: readonly ResultRows[]): void {
  for (const result of results) result.flush();
}

function timeIn(value: unknown, column: string): number {
  const time = timeOf(value);
  if (time !== undefined) return time;
  const found = value === null ? 'null' : typeof value === 'number' ? value : `a ${typeof value}`;
  throw new WeirError('E_VALUE', `column '${column}' holds ${found}, which is no time`);
}

export function globalWindowOperator(node: AggregateNode, emissions: readonly Emission[]): Operator {
  return new GlobalWindowOperator(node, emissions);
}

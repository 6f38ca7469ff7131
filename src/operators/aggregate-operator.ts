/**
 * Aggregation by keys and windows.
 *
 * Owns: when windows fire and which rows go out on which port. Talks through: `AggregateRows` and a `GroupState` (rows into
 * cells), `Slices` and `Panes` (windows), `Emissions` (what has gone out).
 * A row's lateness is judged by its stamp, firing by the operator's watermark (T3). The ports are those of the emissions,
 * and 'late'. Rows of a firing go out in the order (window end, first arrival of the key) with the last forwarded
 * watermark as stamp (T7).
 * Invariants: F4 (aggregate-rows.ts), F5 (group-state.ts); F6 a window fires once per key group, at the first watermark that reaches its
 * end; F7 its cells are dropped once no window needs them, unless a complete result does.
 */
import { type Batch, rowKind } from '../batch/index.ts';
import { type AggregateNode, type Emission, type GroupTime, groupTime, takesChanges } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import { AggregateRows } from './aggregate-rows.ts';
import { AggregateState } from './aggregate-state.ts';
import { Accumulators } from './accumulators.ts';
import { ChangedRows } from './changed-rows.ts';
import type { Cell } from './cell.ts';
import { Emissions, type PendingEmission } from './emissions.ts';
import type { GroupState, KeyCell } from './group-state.ts';
import { GroupValues } from './group-values.ts';
import { type OpenGroup, openGroup, resultsOf } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { type Pane, Panes } from './panes.ts';
import type { PerGroup } from './per-group.ts';
import { RankedState, rankedBy } from './ranked-state.ts';
import { ResultRows, type RowTarget } from './result-rows.ts';
import { restoreResults, type ResultSnapshot, resultSnapshot } from './result-snapshot.ts';
import { Resumable } from './resumable.ts';
import { afterAllTimes } from './row-time.ts';
import { Slices } from './slices.ts';
import { SlotState } from './slot-state.ts';

type Target = Omit<RowTarget, 'stamp'> & { readonly since?: PerGroup };
type CellsOf = (pane: Pane) => Iterable<KeyCell>;

/** All there is, of an aggregation without windows. */
const wholePane: Pane = { window: 0, namespaces: [0] };

class AggregateOperator implements Operator {
  readonly #node: AggregateNode;
  readonly #wanted: readonly Emission[];
  readonly #time: GroupTime | undefined;
  readonly #slices: Slices | undefined;
  readonly #panes: Panes | undefined;
  /** Its input changes, so its groups may be gone. */
  readonly #shrinks: boolean;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #state!: GroupState;
  #rows!: AggregateRows;
  #emissions!: Emissions;
  #values!: GroupValues;
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: AggregateNode, emissions: readonly Emission[]) {
    this.#node = node;
    this.#wanted = emissions;
    this.#shrinks = takesChanges(node);
    this.#time = groupTime(node);
    this.#slices = this.#time === undefined ? undefined : new Slices(this.#time.spec);
    this.#panes = this.#slices === undefined ? undefined : new Panes(this.#slices);
  }

  open(context: OperatorContext): void {
    const accumulators = Accumulators.of(this.#node);
    this.#context = context;
    this.#values = new GroupValues(this.#node, accumulators);
    const emissions = new Emissions(this.#wanted, context);
    this.#emissions = emissions;
    this.#state = this.#stateOf(accumulators, context);
    this.#rows = new AggregateRows({
      node: this.#node,
      time: this.#time,
      slices: this.#slices,
      state: this.#state,
      context,
      opened: (namespace) => this.#panes?.add(namespace),
    });
  }

  #stateOf(accumulators: Accumulators, context: OperatorContext): GroupState {
    const { keys } = this.#node;
    const emissions = this.#emissions;
    const compares = this.#shrinks || this.#wanted.some(({ mode }) => mode === 'retract');
    const updates = emissions.update.length > 0;
    const spec = rankedBy(this.#node);
    if (spec !== undefined) return new RankedState({ accumulators, context, node: this.#node, spec, compares, updates });
    const counted = updates ? (namespace: number, key: string): void => emissions.changed(namespace, key) : undefined;
    const { codec, slots } = accumulators;
    const options = { accumulators, context, keys, compares, counted };
    return this.#shrinks || slots === undefined
      ? new AggregateState({ ...options, table: context.table('cells', codec) })
      : new SlotState({ ...options, table: context.slots('cells', { ...codec, slots }) });
  }

  process(batch: Batch, out: Output): Step {
    const late = this.#rows.take(batch);
    if (late.length > 0) {
      this.#context.count('late', late.length);
      out.emit(late.length === batch.length ? batch : batch.select(Int32Array.from(late)), 'late');
    }
    return 'done';
  }

  onWatermark(watermark: number, out: Output): Step {
    if (this.#time?.closes === true && this.#panes!.anyDueBy(watermark)) return this.#work.step(() => this.#fire(watermark, out));
    this.#reach(watermark);
    return 'done';
  }

  onBarrier(barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emitDue(barrier, out));
  }

  get nextWindowEnd(): number | undefined {
    const end = this.#time?.closes === true ? this.#panes!.nextEnd(this.#forwarded) : undefined;
    return end !== undefined && this.#isEndless(end) ? undefined : end;
  }

  openOf(key: string): readonly OpenGroup[] {
    if (this.#time?.closes !== true) return [];
    const { schema, keys } = this.#node;
    return this.#openPanes().flatMap((pane) => {
      const window = this.#windowOf(pane);
      const cells = this.#state.mergedOf(pane.namespaces, [key]).filter(({ group }) => this.#isOpen(pane, group));
      const shown = this.#time!.shown ? window : undefined;
      const head = keys.length + (shown === undefined ? 0 : 1);
      return cells.map(({ value }) => {
        const rows = resultsOf(schema, head, this.#values.rowsOf(shown, key, value));
        return openGroup({ what: 'window', ...(this.#isEndless(window.end) ? { start: null, end: null } : window) }, rows);
      });
    });
  }

  snapshot(): ResultSnapshot {
    return resultSnapshot(this.#state, this.#emissions, this.#forwarded);
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#forwarded = restoreResults(parts, this.#state, this.#emissions);
    this.#recall();
  }

  /** What is kept, into the indices beside it. */
  #recall(): void {
    const after = this.#firedEverywhere;
    for (const namespace of this.#state.namespaces()) {
      this.#panes?.recall(namespace, after);
      this.#state.recall(namespace, this.#emissions);
    }
  }

  // ── windows that close

  get #firedEverywhere(): number {
    return this.#time?.closes === true ? this.#state.fired.least : -Infinity;
  }

  *#fire(watermark: number, out: Output): Generator<void, void> {
    const panes = this.#panes!.dueBy(watermark, this.#firedEverywhere);
    for (const { port } of this.#emissions.append) {
      yield* this.#emit(panes, (pane) => this.#state.merged(pane.namespaces, (group) => this.#isOpen(pane, group)), out, {
        port,
        kind: rowKind.insert,
      });
    }
    for (const pending of this.#emissions.update) yield* this.#emitChanged(panes, pending, out);
    this.#reach(watermark);
    this.#drop(this.#panes!.close(watermark));
  }

  #reach(watermark: number): void {
    this.#state.fired.raise(watermark);
    this.#forwarded = Math.max(this.#forwarded, watermark);
  }

  #drop(namespaces: readonly number[]): void {
    this.#emissions.forget(namespaces);
    if (this.#emissions.complete.length > 0) return;
    for (const namespace of namespaces) this.#state.drop(namespace);
  }

  // ── results that are due at a barrier

  *#emitDue(barrier: Barrier, out: Output): Generator<void, void> {
    const due = this.#emissions.due(barrier);
    for (const pending of due)
      if (pending.emission.mode !== 'complete') yield* this.#emitChanged(this.#openPanes(), pending, out);
    this.#state.compared();
    for (const { emission } of due) {
      if (emission.mode !== 'complete') continue;
      const whole = { port: emission.port, kind: rowKind.insert, emission: barrier.epoch };
      yield* this.#emit(this.#allPanes(), (pane) => this.#state.merged(pane.namespaces, () => true), out, whole);
    }
    for (const pending of due) pending.done(this.#state.ordinal);
    this.#state.emitted(this.#emissions);
  }

  #emitChanged(panes: readonly Pane[], pending: PendingEmission, out: Output): Generator<void, void> {
    const { port, mode } = pending.emission;
    if (this.#shrinks || mode === 'retract') return this.#emitCompared(panes, pending, out, mode === 'retract');
    const target = { port, kind: rowKind.update, since: pending.emitted };
    return this.#emit(panes, (pane) => this.#changedIn(pane, pending), out, target);
  }

  #openPanes(): readonly Pane[] {
    return this.#panes === undefined ? [wholePane] : this.#panes.dueBy(Infinity, this.#firedEverywhere);
  }

  #allPanes(): readonly Pane[] {
    return this.#panes === undefined ? [wholePane] : this.#panes.over(this.#state.namespaces(), -Infinity, Infinity);
  }

  *#changedIn(pane: Pane, pending: PendingEmission): Generator<KeyCell, void> {
    for (const cell of this.#state.changedIn(pane.namespaces, pending))
      if (pending.isChanged(cell.value, cell.group) && this.#isOpen(pane, cell.group)) yield cell;
  }

  /** The window has not fired for this key group. */
  #isOpen(pane: Pane, group: number): boolean {
    return this.#slices === undefined || !this.#time!.closes || pane.window > this.#slices.closedBy(this.#state.fired.of(group));
  }

  // ── rows

  /** `since`: up to which row each key group has gone out; what has not changed since need not go out again. */
  *#emit(panes: readonly Pane[], cellsOf: CellsOf, out: Output, { since, ...target }: Target): Generator<void, void> {
    const results = new ResultRows(this.#node.schema, out, { ...target, stamp: this.#forwarded });
    for (const pane of panes) {
      const window = this.#time?.shown === true ? this.#windowOf(pane) : undefined;
      for (const { key, group, value } of cellsOf(pane)) {
        this.#values.append(results.rows, window, key, value, since?.of(group));
        if (results.pass()) yield;
      }
    }
    results.flush();
  }

  /** What has become of each group since its epoch began. */
  *#emitCompared(panes: readonly Pane[], pending: PendingEmission, out: Output, retracted: boolean): Generator<void, void> {
    const { port } = pending.emission;
    const { accumulators } = this.#state;
    const results = new ChangedRows(this.#node.schema, out, { port, stamp: this.#forwarded, retracted });
    for (const pane of panes) {
      const window = this.#time?.shown === true ? this.#windowOf(pane) : undefined;
      const rowsOf = (key: string, cell: Cell | undefined): readonly (readonly unknown[])[] =>
        cell === undefined || accumulators.isEmpty(cell) ? [] : this.#values.rowsOf(window, key, cell);
      for (const { key, group, value } of this.#changedIn(pane, pending)) {
        const before = this.#state.mergedBefore(pane.namespaces, key);
        const known = before === undefined || pending.isChanged(before, group) ? undefined : before;
        results.add(rowsOf(key, known), rowsOf(key, value));
        if (results.pass()) yield;
      }
    }
    results.flush();
  }

  /** Of a key whose time is null. */
  #isEndless(end: number): boolean {
    return this.#time?.shown === false && end > afterAllTimes;
  }

  #windowOf({ window }: Pane): { readonly start: number; readonly end: number } {
    return { start: this.#slices!.start(window), end: this.#slices!.end(window) };
  }
}

export function aggregateOperator(node: AggregateNode, emissions: readonly Emission[]): Operator {
  return new AggregateOperator(node, emissions);
}

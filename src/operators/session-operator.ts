/**
 * Aggregation by keys and sessions.
 *
 * Owns: when sessions close, which rows are late, and which rows go out on which port. Talks through: `SessionState` (rows into
 * sessions), `SessionRows` (results, and what is taken back), `Emissions` (what has changed since it went out).
 * A row is late if its own session has closed by its stamp (T3). Before it is taken, the sessions of its key close that are due at the
 * watermark which the row stands for (T6), as in an engine that takes one record at a time; all others close as the operator's
 * watermark rises. The ports are those of the emissions, and 'late'. Results carry the last forwarded watermark as stamp (T7).
 * Invariants: SE1, SE2, SE3 (session-state.ts); SE4 what a port was given of sessions and has not been taken back are intervals
 * that are sessions.
 */
import { type Batch } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { type AggregateNode, type Emission, sessionCloses } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import { Accumulators } from './accumulators.ts';
import { setAside, setAsideOfKey } from './dead-rows.ts';
import { Emissions, type PendingEmission } from './emissions.ts';
import { GroupValues } from './group-values.ts';
import { type GroupedKey, groupedKeys } from './key.ts';
import { type OpenGroup, openGroup, resultsOf } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { restoreResults, type ResultSnapshot, resultSnapshot } from './result-snapshot.ts';
import { Resumable } from './resumable.ts';
import { timeOf } from './row-time.ts';
import { SessionRows } from './session-rows.ts';
import { type KeySession, SessionState } from './session-state.ts';

/** What a row is by itself: `[start, end)`. */
interface OwnSession {
  readonly start: number;
  readonly end: number;
}

const nobody: GroupedKey = { key: '', group: 0 };

class SessionOperator implements Operator {
  readonly #node: AggregateNode;
  readonly #wanted: readonly Emission[];
  readonly #closes: boolean;
  readonly #work = new Resumable();
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  #context!: OperatorContext;
  #accumulators!: Accumulators;
  #values!: GroupValues;
  #state!: SessionState;
  #emissions!: Emissions;
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: AggregateNode, emissions: readonly Emission[]) {
    this.#node = node;
    this.#wanted = emissions;
    this.#closes = sessionCloses(node);
    this.#keysOf = groupedKeys({ columns: node.keys }, (key) => this.#state.groupOf(key));
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#accumulators = Accumulators.of(this.#node);
    this.#values = new GroupValues(this.#node, this.#accumulators);
    this.#emissions = new Emissions(this.#wanted, context);
    this.#state = new SessionState({
      accumulators: this.#accumulators,
      context,
      keepsClosed: this.#emissions.complete.length > 0,
    });
  }

  process(batch: Batch, out: Output, advanceTo: (row: number) => number): Step {
    return this.#work.step(() => this.#take(batch, out, advanceTo));
  }

  onWatermark(watermark: number, out: Output): Step {
    if (this.#closes) return this.#work.step(() => this.#fire(watermark, out));
    this.#reach(watermark);
    return 'done';
  }

  onBarrier(barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emitDue(barrier, out));
  }

  get nextWindowEnd(): number | undefined {
    return this.#closes ? this.#state.nextEnd : undefined;
  }

  openOf(key: string): readonly OpenGroup[] {
    const { schema, keys } = this.#node;
    return this.#state.openOf(key).map(({ value }) => {
      const window = { start: value.start, end: value.end };
      const rows = resultsOf(schema, keys.length + 1, this.#values.rowsOf(window, key, value));
      return openGroup({ what: 'session', ...window }, rows);
    });
  }

  snapshot(): ResultSnapshot {
    return resultSnapshot(this.#state, this.#emissions, this.#forwarded);
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#forwarded = restoreResults(parts, this.#state, this.#emissions);
    this.#state.recall(({ key, group, value }) => this.#emissions.recall(0, key, group, value));
  }

  // ── rows in

  *#take(batch: Batch, out: Output, advanceTo: (row: number) => number): Generator<void, void> {
    const { accumulators } = this.#state;
    const keyAt = this.#keysOf(batch);
    const ownAt = this.#ownSessions(batch);
    const readers = accumulators.readers(batch);
    const values: unknown[] = readers.map(() => null);
    const results = this.#results(out);
    const late: number[] = [];
    let row = 0;
    let of = nobody;
    const place = (): OwnSession | null => {
      of = keyAt(row);
      const own = ownAt(row);
      for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(row);
      accumulators.check(values);
      return own;
    };
    for (let i = 0; i < batch.length; i++) {
      row = i;
      const own = this.#placed(batch, i, place);
      if (own === null) continue;
      const { key, group } = of;
      if (this.#closes) for (const closed of this.#state.closeOf(key, advanceTo(i))) this.#close(closed, results);
      if (this.#closes && own.end <= Math.max(batch.stamp(i), this.#state.fired.of(group))) late.push(i);
      else this.#add(batch, i, of, own, values);
      if (results.pass()) yield;
    }
    results.flush();
    if (late.length === 0) return;
    this.#context.count('late', late.length);
    out.emit(late.length === batch.length ? batch : batch.select(Int32Array.from(late)), 'late');
  }

  /** Null: the row was set aside. */
  #placed<P>(batch: Batch, i: number, place: () => P): P | null {
    try {
      return place();
    } catch (thrown) {
      setAside(this.#context, this.#node.site, batch, i, thrown);
      return null;
    }
  }

  /** Each row's own session; null where its gap says that it is in none. */
  #ownSessions(batch: Batch): (i: number) => OwnSession | null {
    const { column, gap } = this.#node.session!;
    const timeAt = batch.reader(column);
    const gapAt = typeof gap === 'number' ? () => gap : batch.reader(gap);
    return (i) => {
      const start = timeOf(timeAt(i));
      const length = gapAt(i);
      if (start === undefined) throw new WeirError('E_VALUE', `column '${column}' holds ${inWords(timeAt(i))}, which is no time`);
      if (typeof length !== 'number' || Number.isNaN(length))
        throw new WeirError(
          'E_VALUE',
          `the gap '${gap}' of a session is ${inWords(length)}, and must be a number of milliseconds`,
        );
      const end = start + Math.trunc(length);
      if (end <= start) return null;
      if (Number.isSafeInteger(end)) return { start, end };
      throw new WeirError('E_VALUE', `a session that begins at ${start} with a gap of ${length} ms has no end`);
    };
  }

  #add(batch: Batch, i: number, { key, group }: GroupedKey, { start, end }: OwnSession, values: readonly unknown[]): void {
    try {
      this.#state.add(key, group, start, end, values);
    } catch (thrown) {
      setAsideOfKey(this.#context, this.#node.site, batch, i, { key, thrown });
      return;
    }
    this.#emissions.changed(0, key);
  }

  // ── sessions out

  *#fire(watermark: number, out: Output): Generator<void, void> {
    const results = this.#results(out);
    for (let closed = this.#state.closeNext(watermark); closed !== undefined; closed = this.#state.closeNext(watermark)) {
      this.#close(closed, results);
      if (results.pass()) yield;
    }
    results.flush();
    this.#reach(watermark);
  }

  #reach(watermark: number): void {
    this.#state.fired.raise(watermark);
    this.#forwarded = Math.max(this.#forwarded, watermark);
  }

  #close(closed: KeySession, results: SessionRows): void {
    for (const { port } of this.#emissions.append) results.final(port, closed);
    for (const pending of this.#emissions.update)
      if (pending.isChanged(closed.value, closed.group)) results.changed(pending.emission.port, closed);
  }

  *#emitDue(barrier: Barrier, out: Output): Generator<void, void> {
    for (const pending of this.#emissions.due(barrier)) {
      const { port, mode } = pending.emission;
      const results = this.#results(out, mode === 'complete' ? barrier.epoch : undefined);
      for (const session of mode === 'complete' ? this.#state.all() : this.#changed(pending)) {
        if (mode === 'complete') results.final(port, session);
        else this.#state.show(session.key, session.value, results.changed(port, session));
        if (results.pass()) yield;
      }
      results.flush();
      pending.done(this.#state.ordinal);
    }
  }

  /** Open sessions that changed since the emission was last due, in order. */
  #changed(pending: PendingEmission): readonly KeySession[] {
    const open = [...(pending.changed.get(0) ?? [])].flatMap((key) => this.#state.openOf(key));
    return open
      .filter(({ value, group }) => pending.isChanged(value, group))
      .sort((a, b) => a.value.end - b.value.end || a.value.first - b.value.first || (a.key < b.key ? -1 : 1));
  }

  #results(out: Output, emission?: number): SessionRows {
    return new SessionRows({
      schema: this.#node.schema,
      out,
      stamp: this.#forwarded,
      append: (to, window, { key, value }) => this.#values.append(to, window, key, value),
      ...(emission === undefined ? {} : { emission }),
    });
  }
}

const inWords = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : `a ${typeof value}`;

export function sessionOperator(node: AggregateNode, emissions: readonly Emission[]): Operator {
  return new SessionOperator(node, emissions);
}

/**
 * The as-of join: each row of a stream with the version of its key that held at its time.
 *
 * Owns: which rows are late, how long a left row waits, and what it goes out with. Talks through: `KeptRows` (the left rows that wait),
 * `KeptVersions`, `JoinedRows` (rows of the result).
 * A left row waits until the watermark has passed its time: a version that would hold for it is late from then on. So what it meets does not
 * depend on how the inputs interleave. Results carry the last forwarded watermark as stamp (T7), which is not above their times.
 * Invariants: JO10 a left row that is not late goes out once, when the watermark has passed its time, with the latest version that is not above it
 * and not late; without one, alone or not at all.
 */
import { type Batch, BatchBuilder, hashKey, keyGroupOf, rowKind } from '../../batch/index.ts';
import { equalIsLate, type JoinBound, type JoinNode } from '../../plan/index.ts';
import { type Due, DueHeap } from '../due-heap.ts';
import { type OpenGroup, openGroup } from '../open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { type GroupRun, PerGroup } from '../per-group.ts';
import { ResultRows } from '../result-rows.ts';
import { type Progress, progressOf } from '../result-snapshot.ts';
import { Resumable } from '../resumable.ts';
import { Arrivals, type BatchArrivals } from './arrivals.ts';
import { JoinedRows, keptForms } from './joined-rows.ts';
import { type KeptRow, KeptRows, type Place } from './kept-rows.ts';
import { openRows, valuesOf } from './open-rows.ts';
import { type RowBytes, type RowForm, rowOf } from '../row-form.ts';
import { KeptVersions, placesOf } from './versions.ts';

interface Snapshot extends Progress {
  readonly fired: readonly GroupRun[];
}
/** A left row that waits. */
interface Waiting extends Due, Place {}
/** Left rows that wait are kept, and dropped, by so much time. */
const bucketMs = 1000;
const bucketOf = (time: number): number => Math.floor(time / bucketMs) * bucketMs;
/** The watermark that has passed a left row's time. */
const untilOf = ({ time }: Pick<KeptRow, 'time'>): number => time + 1;

class AsOfJoinOperator implements Operator {
  readonly holdsBackMs: number;
  readonly #node: JoinNode;
  readonly #bound: JoinBound;
  readonly #work = new Resumable();
  readonly #forms: readonly [RowForm, RowForm];
  readonly #rows: BatchBuilder;
  readonly #joined: JoinedRows;
  readonly #heap = new DueHeap<Waiting>();
  #context!: OperatorContext;
  #arrivals!: Arrivals;
  #waiting!: KeptRows;
  #versions!: KeptVersions;
  #fired!: PerGroup;
  #ordinal = 0;
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: JoinNode) {
    this.#node = node;
    this.#bound = node.bound!;
    this.#forms = keptForms(node);
    this.#rows = new BatchBuilder(node.schema);
    this.#joined = new JoinedRows(node, this.#forms, this.#rows);
    // A watermark that is equal to its time leaves a row waiting, and must not make it late for what follows.
    this.holdsBackMs = equalIsLate(node) ? 1 : 0;
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#waiting = new KeptRows(context, 'waiting', this.#forms[0], true);
    this.#versions = new KeptVersions(context, -this.#bound.lowMs);
    this.#fired = new PerGroup(context.keyGroups, context.ownedGroups);
    this.#arrivals = new Arrivals(this.#node, context, this.#fired);
  }

  process(batch: Batch, out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    if (input === 0) return this.#work.step(() => this.#takeRows(batch, out));
    this.#takeVersions(batch, out);
    return 'done';
  }

  onWatermark(watermark: number, out: Output): Step {
    return this.#work.step(() => this.#reach(watermark, out));
  }

  openOf(key: string): readonly OpenGroup[] {
    const fired = this.#fired.of(keyGroupOf(hashKey(key), this.#context.keyGroups));
    const [form, versions] = this.#forms;
    const waiting = [...this.#waiting.of(key)].flatMap((rows) =>
      openRows(
        'left rows',
        rows.filter((row) => untilOf(row) > fired),
        form,
        untilOf,
      ),
    );
    const kept = this.#versions.of(key).map(({ time, until, bytes }) => {
      const end = Number.isFinite(until) ? until : null;
      return openGroup(
        { what: 'version', start: time, end, rows: 1, waitsFor: 'a later one' },
        valuesOf([rowOf(bytes)], versions),
      );
    });
    return [...waiting, ...kept];
  }

  snapshot(): Snapshot {
    return { ordinal: this.#ordinal, forwarded: this.#forwarded, fired: this.#fired.snapshot() };
  }

  restore(parts: readonly RestoredPart[]): void {
    for (const part of parts) this.#fired.restore(part, (part.value as Snapshot).fired);
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
    this.#recall();
  }

  *#takeRows(batch: Batch, out: Output): Generator<void, void> {
    const [form] = this.#forms;
    const write = form.writer(batch);
    const arrivals = this.#arrivals.of(batch, 0);
    const results = this.#results(out);
    for (let i = 0; i < batch.length; i++) {
      if (!arrivals.at(i)) continue;
      write(i);
      if (arrivals.meets) this.#wait(arrivals);
      else this.#give(form, undefined);
      if (results.pass()) yield;
    }
    results.flush();
    arrivals.done(out);
  }

  #takeVersions(batch: Batch, out: Output): void {
    const [, form] = this.#forms;
    const write = form.writer(batch);
    const placeAt = placesOf(batch);
    const arrivals = this.#arrivals.of(batch, 1);
    for (let i = 0; i < batch.length; i++) {
      if (!arrivals.at(i) || !arrivals.meets) continue;
      const { key, group, time } = arrivals;
      const { split, record } = placeAt(i);
      write(i);
      this.#versions.add(key.text(), group, { split, record, time, bytes: form.copied() });
    }
    arrivals.done(out);
  }

  /** Keeps the row that was written last. */
  #wait({ key, group, time }: BatchArrivals): void {
    const ordinal = ++this.#ordinal;
    const facts = { ordinal, time, matched: false };
    const at = untilOf(facts);
    const bucket = bucketOf(time);
    const row = this.#waiting.add(bucket, key, group, facts, at);
    this.#heap.push({ at, ordinal, key: key.text(), bucket, row });
  }

  *#reach(watermark: number, out: Output): Generator<void, void> {
    const results = this.#results(out);
    for (let first = this.#heap.first; first !== undefined && first.at <= watermark; first = this.#heap.first) {
      this.#heap.pop();
      const row = this.#waiting.at(first)!;
      this.#give(row, this.#versions.at(first.key, row.time)?.bytes);
      if (results.pass()) yield;
    }
    results.flush();
    this.#waiting.drop(watermark);
    this.#versions.pass(watermark);
    this.#fired.raise(watermark);
    this.#forwarded = Math.max(this.#forwarded, watermark - this.holdsBackMs);
  }

  #give(row: RowBytes, version: Uint8Array | undefined): void {
    if (version !== undefined || this.#node.how === 'left')
      this.#joined.append(row, version === undefined ? null : rowOf(version));
  }

  /** What lies beside the tables, from them. */
  #recall(): void {
    const waiting: Waiting[] = [];
    this.#waiting.recall(untilOf, (kept, group) => {
      const at = untilOf(kept);
      const { ordinal, bucket, row } = kept;
      // Those that have gone out lie in their bucket until all of it goes.
      if (at > this.#fired.of(group)) waiting.push({ at, ordinal, key: this.#waiting.keyOf(kept), bucket, row });
    });
    this.#heap.fill(waiting);
    this.#versions.recall((group) => this.#fired.of(group));
  }

  #results(out: Output): ResultRows {
    return new ResultRows(this.#rows, out, { port: 'main', kind: rowKind.insert, stamp: this.#forwarded });
  }
}

export function asOfJoinOperator(node: JoinNode): Operator {
  return new AsOfJoinOperator(node);
}

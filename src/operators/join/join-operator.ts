/**
 * Joins rows of two streams that have equal keys, and times that are close.
 *
 * Owns: which rows are late, who meets whom, and which rows go out without a partner, when none can come any more. Talks through:
 * `KeptRows` (the rows of each side), `JoinTimes` (who may meet, and until when), `PairCondition` (what is asked of both beside), `JoinedRows` (rows
 * of the result).
 * A row meets those that are there when it comes, so two rows meet once, whichever comes first. Kept is what may meet a row that is not
 * late: which pairs there are does not depend on how the inputs interleave. Results carry the last forwarded watermark as stamp (T7), and
 * their times are not below it: the watermark is forwarded as much later as times may lie apart.
 * Invariants: JO2 two rows that belong together and are not late meet exactly once; JO3 of an outer join a row without a partner goes out
 * exactly once, when the watermark proves that none can come; JO4 a left row of a semi or anti join goes out at most once.
 */
import { type Batch, BatchBuilder, fieldOf, hashKey, keyGroupOf, rowKind } from '../../batch/index.ts';
import { equalIsLate, type JoinNode, sideNames } from '../../plan/index.ts';
import { orSetAside } from '../dead-rows.ts';
import { type Due, DueHeap } from '../due-heap.ts';
import type { OpenGroup } from '../open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { type GroupRun, PerGroup } from '../per-group.ts';
import { ResultRows } from '../result-rows.ts';
import { type Progress, progressOf } from '../result-snapshot.ts';
import { Resumable } from '../resumable.ts';
import { Arrivals, type BatchArrivals, timedSides } from './arrivals.ts';
import { JoinedRows, keptForms } from './joined-rows.ts';
import { JoinTimes, type Side } from './join-times.ts';
import { FoundRows, type KeptRow, KeptRows, type Place } from './kept-rows.ts';
import { openRows } from './open-rows.ts';
import { PairCondition } from './pair-condition.ts';
import type { RowBytes, RowForm } from '../row-form.ts';

interface Snapshot extends Progress {
  readonly fired: readonly GroupRun[];
}
/** A row that goes out alone if it has no partner by then. */
interface Waiting extends Due, Place {
  readonly side: Side;
}

class JoinOperator implements Operator {
  readonly holdsBackMs: number;
  readonly #node: JoinNode;
  readonly #work = new Resumable();
  readonly #forms: readonly [RowForm, RowForm];
  readonly #rows: BatchBuilder;
  readonly #joined: JoinedRows;
  readonly #times: JoinTimes;
  /** Sides whose times are under a watermark. */
  readonly #timed: readonly boolean[];
  /** Sides whose rows go out without a partner, too. */
  readonly #outer: readonly boolean[];
  /** Left rows go out alone: at their first partner, or for want of one. */
  readonly #halves: boolean;
  readonly #heap = new DueHeap<Waiting>();
  readonly #condition: PairCondition | undefined;
  #context!: OperatorContext;
  #arrivals!: Arrivals;
  #kept!: readonly [KeptRows, KeptRows];
  /** Partners of the row at hand. */
  readonly #near = new FoundRows();
  #fired!: PerGroup;
  #ordinal = 0;
  #live = 0;
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: JoinNode) {
    const { bound, how } = node;
    this.#node = node;
    this.#forms = keptForms(node);
    this.#rows = new BatchBuilder(node.schema);
    this.#joined = new JoinedRows(node, this.#forms, this.#rows);
    this.#condition = node.condition === undefined ? undefined : new PairCondition(node.condition, this.#forms);
    this.#timed = timedSides(node);
    this.#times = new JoinTimes(bound, this.#timed.includes(true));
    this.#outer = [how === 'left' || how === 'full' || how === 'anti', how === 'right' || how === 'full'];
    this.#halves = how === 'semi' || how === 'anti';
    this.holdsBackMs = this.#times.holdsBackMs + (this.#mayBeLateBehind() ? 1 : 0);
  }

  /** A row without a partner goes out when the watermark may be equal to its time, as it is forwarded: and a moment that is equal may be late. */
  #mayBeLateBehind(): boolean {
    const { bound, inputs } = this.#node;
    if (bound === undefined || !this.#timed.includes(true) || !equalIsLate(this.#node)) return false;
    const isMoment = ([column, side]: readonly [string, Side]): boolean =>
      this.#outer[side] === true && fieldOf(inputs[side].schema, column)?.type.kind !== 'struct';
    return isMoment([bound.left, 0]) || isMoment([bound.right, 1]);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    const [left, right] = this.#forms;
    const dated = this.#node.bound !== undefined;
    this.#kept = [new KeptRows(context, 'left', left, dated), new KeptRows(context, 'right', right, dated)];
    this.#fired = new PerGroup(context.keyGroups, context.ownedGroups);
    this.#arrivals = new Arrivals(this.#node, context, this.#fired);
  }

  process(batch: Batch, out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    return this.#work.step(() => this.#take(batch, out, input as Side));
  }

  onWatermark(watermark: number, out: Output): Step {
    return this.#work.step(() => this.#reach(watermark, out));
  }

  openOf(key: string): readonly OpenGroup[] {
    const fired = this.#fired.of(keyGroupOf(hashKey(key), this.#context.keyGroups));
    return this.#kept.flatMap((kept, i) => {
      const side = i as Side;
      const isOpen = ({ time }: KeptRow): boolean => this.#times.untilOf(side, time) > fired;
      return [...kept.of(key)].flatMap((rows) => this.#openRows(side, rows.filter(isOpen)));
    });
  }

  /** Of a side: whether they have had a partner is known where it says what becomes of them. */
  #openRows(side: Side, rows: readonly KeptRow[]): readonly OpenGroup[] {
    const form = this.#forms[side];
    const untilOf = ({ time }: KeptRow): number => this.#times.untilOf(side, time);
    const what = `${sideNames[side]} rows`;
    const goesOnce = this.#halves && side === 0;
    if (this.#outer[side] !== true && !goesOnce) return openRows(what, rows, form, untilOf);
    const alone = rows.filter(({ matched }) => !matched);
    const paired = goesOnce ? [] : rows.filter(({ matched }) => matched);
    return [
      ...openRows(`${what} without a partner`, alone, form, untilOf),
      ...openRows(`${what} that have had one`, paired, form, untilOf),
    ];
  }

  snapshot(): Snapshot {
    return { ordinal: this.#ordinal, forwarded: this.#forwarded, fired: this.#fired.snapshot() };
  }

  restore(parts: readonly RestoredPart[]): void {
    for (const part of parts) this.#fired.restore(part, (part.value as Snapshot).fired);
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
    this.#recall();
  }

  // ── rows in

  *#take(batch: Batch, out: Output, side: Side): Generator<void, void> {
    const arrivals = this.#arrivals.of(batch, side);
    const form = this.#forms[side];
    const write = form.writer(batch);
    const results = this.#results(out);
    for (let i = 0; i < batch.length; i++) {
      if (!arrivals.at(i)) continue;
      write(i);
      this.#look(arrivals);
      if (!this.#choose(side, batch, i)) continue;
      const near = this.#near;
      for (let n = 0; n < near.length; n++) {
        this.#pair(side, form, near.at(n), n > 0);
        if (results.pass()) yield;
      }
      this.#keep(arrivals, near.length > 0);
      if (results.pass()) yield;
    }
    results.flush();
    arrivals.done(out);
  }

  /** Finds the rows that are there and are near to one that has come. */
  #look({ side, key, group, meets, time: at }: BatchArrivals): void {
    const other: Side = side === 0 ? 1 : 0;
    const kept = this.#kept[other];
    this.#near.clear();
    if (!meets || kept.isEmpty) return;
    const { step } = this.#times;
    const { first, last, lowest, highest } = this.#times.reachOf(side, at);
    for (let bucket = first; bucket <= last; bucket += step) kept.find(bucket, key, lowest, highest, this.#near);
    // What has gone out alone lies in its bucket until all of it goes.
    if (this.#near.length > 0) this.#near.only(({ time }) => this.#times.untilOf(other, time) > this.#fired.of(group));
  }

  /** Leaves of those the ones that belong to the row which was written last. @returns false: it was set aside */
  #choose(side: Side, batch: Batch, i: number): boolean {
    const condition = this.#condition;
    if (condition === undefined) return true;
    const choose = (): true => {
      condition.choose(side, this.#forms[side], this.#near);
      return true;
    };
    return orSetAside(this.#context, this.#node.site, batch, i, choose) ?? false;
  }

  /** Two rows belong together. @param again the one that has come had a partner before */
  #pair(side: Side, row: RowBytes, partner: KeptRow, again: boolean): void {
    const other: Side = side === 0 ? 1 : 0;
    const isFirst = !partner.matched;
    if (isFirst && (this.#outer[other] === true || (this.#halves && other === 0))) {
      this.#kept[other].match(partner);
      if (this.#outer[other] === true) this.#live--;
    }
    const [left, right] = side === 0 ? [row, partner] : [partner, row];
    if (!this.#halves) this.#joined.append(left, right);
    else if (this.#node.how === 'semi' && (side === 0 ? !again : isFirst)) this.#joined.append(left, null);
  }

  /** Until nothing can come any more that it belongs together with. */
  #keep({ side, key, group, meets, time }: BatchArrivals, matched: boolean): void {
    const ordinal = ++this.#ordinal;
    const until = meets ? this.#times.untilOf(side, time) : -Infinity;
    // Of a left row one partner is all that is asked for.
    if (this.#halves && side === 0 && matched) return;
    if (until <= this.#fired.of(group)) {
      if (!matched) this.#alone(side, this.#forms[side]);
      return;
    }
    const bucket = this.#times.bucketOf(time);
    const row = this.#kept[side].add(bucket, key, group, { ordinal, time, matched }, until);
    if (this.#outer[side] === true && !matched) this.#wait({ at: until, ordinal, key: key.text(), side, bucket, row });
  }

  #alone(side: Side, row: RowBytes): void {
    if (this.#outer[side] === true) this.#joined.append(side === 0 ? row : null, side === 0 ? null : row);
  }

  // ── rows without a partner out

  *#reach(watermark: number, out: Output): Generator<void, void> {
    const results = this.#results(out);
    for (let first = this.#heap.first; first !== undefined && first.at <= watermark; first = this.#heap.first) {
      this.#heap.pop();
      const row = this.#kept[first.side].at(first);
      if (row === undefined || row.matched) continue;
      this.#live--;
      this.#alone(first.side, row);
      if (results.pass()) yield;
    }
    results.flush();
    for (const kept of this.#kept) kept.drop(watermark);
    this.#fired.raise(watermark);
    this.#forwarded = Math.max(this.#forwarded, watermark - this.holdsBackMs);
  }

  #wait(row: Waiting): void {
    if (this.#heap.isStale(this.#live)) this.#recall();
    else {
      this.#live++;
      this.#heap.push(row);
    }
  }

  /** What lies beside the tables, from them. */
  #recall(): void {
    const waiting: Waiting[] = [];
    this.#kept.forEach((kept, i) => {
      const side = i as Side;
      const untilOf = ({ time }: KeptRow): number => this.#times.untilOf(side, time);
      kept.recall(untilOf, (found, group) => {
        const at = untilOf(found);
        const { ordinal, bucket, row } = found;
        // Those that have gone out lie in their bucket until all of it goes.
        if (this.#outer[side] === true && !found.matched && at > this.#fired.of(group))
          waiting.push({ at, ordinal, key: kept.keyOf(found), side, bucket, row });
      });
    });
    this.#live = waiting.length;
    this.#heap.fill(waiting);
  }

  #results(out: Output): ResultRows {
    return new ResultRows(this.#rows, out, { port: 'main', kind: rowKind.insert, stamp: this.#forwarded });
  }
}

export function joinOperator(node: JoinNode): Operator {
  return new JoinOperator(node);
}

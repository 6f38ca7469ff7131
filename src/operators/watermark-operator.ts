/**
 * Assigns watermarks in a source's chain (T1): per split, the latest event time seen minus the delay; or what the source says, or the time of the epoch, or what
 * a strategy of the user's makes of the split's times, which is held to never fall.
 *
 * Owns: the stamps of rows (T2), and when the subtask's watermark goes out. Does not own: when a split is idle or has
 * ended, and telling others of idleness: the source does. Talks through: `SplitTimes`.
 * Invariants: V1 the subtask's watermark never falls; V2 a row's stamp depends on its split's contents alone; V3 a
 * restored split holds the watermark back before it is announced again (T9).
 */
import type { Batch } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { TimeStrategy, WatermarkNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import { setAside } from './dead-rows.ts';
import type { Operator, OperatorContext, Output, SplitEvent, Step } from './operator.ts';
import { timeOf } from './row-time.ts';
import { type SplitSnapshot, type SplitTime, SplitTimes } from './split-times.ts';

export class WatermarkOperator implements Operator {
  readonly #node: WatermarkNode;
  readonly #splits: SplitTimes;
  #context: OperatorContext | undefined;
  #emitted = -Infinity;

  constructor(node: WatermarkNode) {
    this.#node = node;
    this.#splits = new SplitTimes(node.delayMs);
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  process(batch: Batch, out: Output): Step {
    const split = this.#splits.of(batch.system.origin?.split ?? '', this.#emitted);
    const stamps = new Float64Array(batch.physicalLength).fill(-Infinity);
    const rows = this.#stamp(batch, split, stamps);
    const stamped = batch.withSystem({ ...batch.system, stamps, advances: this.#splits.size === 1 });
    if (rows.length > 0) out.emit(rows.length === batch.length ? stamped : stamped.select(rows));
    this.#raiseTo(this.#splits.least(), out);
    return 'done';
  }

  splitWatermark(split: string): number {
    return this.#splits.watermarkOf(split);
  }

  onSplit(event: SplitEvent, out: Output): void {
    if (event.state === 'active' || event.state === 'pending') {
      this.#raiseTo(this.#splits.least(), out);
      this.#splits.of(event.split, this.#emitted);
    }
    this.#splits.set(event.split, event.state);
    if (event.watermark !== undefined) this.#splits.advance(event.split, event.watermark);
    this.#raiseTo(this.#splits.least(), out);
  }

  /** By the clock no row comes any more that is older than the epoch that begins. */
  onBarrier({ time }: Barrier, out: Output): Step {
    if (this.#node.strategy !== 'clock') return 'done';
    this.#splits.advanceAll(time);
    this.#raiseTo(this.#splits.least(), out);
    return 'done';
  }

  snapshotSplit(split: string): unknown {
    return this.#splits.snapshot(split);
  }

  restoreSplit(split: string, value: unknown): void {
    this.#splits.restore(split, value as SplitSnapshot);
  }

  /** Fills in the stamps; the rows that have a time. */
  #stamp(batch: Batch, split: SplitTime, stamps: Float64Array): Int32Array {
    const time = batch.reader(this.#node.column);
    const { delayMs, strategy } = this.#node;
    const { length, selection } = batch;
    const rows = new Int32Array(length);
    let kept = 0;
    let { max } = split;
    for (let i = 0; i < length; i++) {
      const value = time(i);
      const at = typeof value === 'number' && Number.isFinite(value) ? value : timeOf(value);
      if (at === undefined) {
        this.#setAside(batch, i, value);
        continue;
      }
      const reached = max;
      if (strategy === undefined) {
        if (at > max) max = at;
      } else if (typeof strategy === 'object') {
        const own = this.#advanced(strategy, split, at, batch, i);
        if (own === undefined) continue;
        if (own > max) max = own;
      }
      stamps[selection === undefined ? i : selection[i]!] = reached - delayMs;
      rows[kept++] = i;
    }
    split.max = max;
    return rows.subarray(0, kept);
  }

  /** The strategy's watermark behind a row; undefined: it threw, and the row is set aside. */
  #advanced(strategy: TimeStrategy, split: SplitTime, at: number, batch: Batch, i: number): number | undefined {
    try {
      const state = strategy.advance((split.own === undefined ? strategy.create() : split.own.state) as never, at);
      const watermark = strategy.watermark(state as never);
      if (typeof watermark !== 'number' || Number.isNaN(watermark))
        throw new WeirError('E_VALUE', `the watermark of a strategy is ${String(watermark)}, and must be a time in milliseconds`);
      split.own = { state };
      return watermark;
    } catch (thrown) {
      setAside(this.#context!, this.#node.site, batch, i, thrown);
      return undefined;
    }
  }

  #setAside(batch: Batch, i: number, value: unknown): void {
    const fault = new WeirError(
      'E_VALUE',
      `column '${this.#node.column}' holds ${value === null ? 'null' : `a ${typeof value}`}, which is no event time`,
    );
    setAside(this.#context!, this.#node.site, batch, i, fault);
  }

  #raiseTo(watermark: number | undefined, out: Output): void {
    if (watermark === undefined || watermark <= this.#emitted) return;
    this.#emitted = watermark;
    out.watermark(watermark);
  }
}

export function watermarkOperator(node: WatermarkNode): Operator {
  return new WatermarkOperator(node);
}

/**
 * Rows as they come to a join of two streams: by which key they find partners, when they are, and whether that is too late.
 *
 * Owns: which rows are late, and that they go out as they came. A row is late by its stamp (T3), or by what its key group has been told.
 */
import type { Batch, KeyBytes } from '../../batch/index.ts';
import { equalIsLate, type JoinNode, latePorts, underWatermark } from '../../plan/index.ts';
import { orSetAside } from '../dead-rows.ts';
import type { OperatorContext, Output } from '../operator.ts';
import type { PerGroup } from '../per-group.ts';
import { JoinKeys } from './join-keys.ts';
import type { Side } from './join-times.ts';
import { Moments } from './moments.ts';

export class Arrivals {
  readonly #node: JoinNode;
  readonly #context: OperatorContext;
  readonly #fired: PerGroup;
  readonly #keys: JoinKeys;
  readonly #timed: readonly boolean[];
  readonly #equalIsLate: readonly boolean[];

  /** @param fired the watermark that each key group has been told */
  constructor(node: JoinNode, context: OperatorContext, fired: PerGroup) {
    this.#node = node;
    this.#context = context;
    this.#fired = fired;
    this.#keys = new JoinKeys(node, () => context.keyGroups);
    this.#timed = timedSides(node);
    this.#equalIsLate = node.inputs.map(equalIsLate);
  }

  of(batch: Batch, side: Side): BatchArrivals {
    return new BatchArrivals(batch, side, {
      context: this.#context,
      fired: this.#fired,
      site: this.#node.site,
      keys: this.#keys,
      moments: this.#momentsOf(batch, side),
    });
  }

  /** Undefined: rows have no time. */
  #momentsOf(batch: Batch, side: Side): Moments | undefined {
    const { bound } = this.#node;
    if (bound === undefined) return undefined;
    const column = side === 0 ? bound.left : bound.right;
    return new Moments(batch, column, this.#timed[side] === true, this.#equalIsLate[side] === true);
  }
}

interface Judging {
  readonly context: OperatorContext;
  readonly fired: PerGroup;
  readonly site: string;
  readonly keys: JoinKeys;
  readonly moments: Moments | undefined;
}

/** The rows of a batch, one at a time. */
export class BatchArrivals {
  readonly side: Side;
  /** Whether the row can have partners: neither its time nor a part of its key is null. A row without a time is never late. */
  meets = false;
  /** When it is, if it can have partners. */
  time = 0;
  readonly #batch: Batch;
  readonly #judging: Judging;
  readonly #isNone: (i: number) => boolean;
  readonly #writeKey: (i: number) => void;
  readonly #read: (i: number) => true;
  readonly #stampAt: (i: number) => number;
  readonly #late: number[] = [];

  constructor(batch: Batch, side: Side, judging: Judging) {
    this.side = side;
    this.#batch = batch;
    this.#judging = judging;
    this.#isNone = judging.keys.isNone(batch, side);
    this.#writeKey = judging.keys.writer(batch, side);
    this.#read = (i) => this.#readRow(i);
    this.#stampAt = batch.stamps();
  }

  /** The key of the row, good until the next. */
  get key(): KeyBytes {
    return this.#judging.keys.key;
  }

  get group(): number {
    return this.#judging.keys.group;
  }

  /** Turns to a logical row; in their order. False: it is late, or was set aside. */
  at(i: number): boolean {
    const { context, fired, site, moments } = this.#judging;
    if (orSetAside(context, site, this.#batch, i, this.#read) === null) return false;
    if (moments === undefined || moments.lateFrom > Math.max(this.#stampAt(i), fired.of(this.group))) return true;
    this.#late.push(i);
    return false;
  }

  /** All of them have been asked for: those that are late are counted, and go out by a port of their own. */
  done(out: Output): void {
    const { length } = this.#late;
    if (length === 0) return;
    this.#judging.context.count('late', length);
    const batch = this.#batch;
    out.emit(length === batch.length ? batch : batch.select(Int32Array.from(this.#late)), latePorts[this.side]);
  }

  #readRow(i: number): true {
    const { moments } = this.#judging;
    this.#writeKey(i);
    const isTimed = moments === undefined || moments.at(i);
    this.meets = isTimed && !this.#isNone(i);
    if (this.meets && moments !== undefined) this.time = moments.time;
    return true;
  }
}

/** Which sides have times that are under a watermark. */
export function timedSides({ bound, inputs }: JoinNode): readonly boolean[] {
  const columns = bound === undefined ? [] : [bound.left, bound.right];
  return columns.map((column, side) => underWatermark(inputs[side]!, column) !== 'no');
}

/**
 * Rows as they come to a join of two streams: by which key they find partners, when they are, and whether that is too late.
 *
 * Owns: which rows are late, and that they go out as they came. A row is late by its stamp (T3), or by what its key group has been told.
 */
import type { Batch } from '../../batch/index.ts';
import { equalIsLate, type JoinNode, latePorts, underWatermark } from '../../plan/index.ts';
import { orSetAside } from '../dead-rows.ts';
import type { GroupedKey } from '../key.ts';
import type { OperatorContext, Output } from '../operator.ts';
import type { PerGroup } from '../per-group.ts';
import { JoinKeys } from './join-keys.ts';
import type { Side } from './join-times.ts';
import { type Moment, momentsOf } from './moments.ts';

/** A row that has come. `moment`: null where its time is null, or a part of its key: then it has no partner, and is never late. */
export interface Arrival extends GroupedKey {
  readonly side: Side;
  readonly moment: Moment | null;
}

const anytime: Moment = { time: 0, lateFrom: Infinity };

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
    const keyAt = this.#keys.of(batch, side);
    const isNone = this.#keys.isNone(batch, side);
    const momentAt = this.#momentsOf(batch, side);
    const arrivalAt = (i: number): Arrival => {
      const { key, group } = keyAt(i);
      return { key, group, side, moment: isNone(i) ? null : momentAt(i) };
    };
    return new BatchArrivals(batch, side, { context: this.#context, fired: this.#fired, site: this.#node.site, arrivalAt });
  }

  #momentsOf(batch: Batch, side: Side): (i: number) => Moment | null {
    const { bound } = this.#node;
    if (bound === undefined) return () => anytime;
    const column = side === 0 ? bound.left : bound.right;
    return momentsOf(batch, column, this.#timed[side] === true, this.#equalIsLate[side] === true);
  }
}

interface Judging {
  readonly context: OperatorContext;
  readonly fired: PerGroup;
  readonly site: string;
  readonly arrivalAt: (i: number) => Arrival;
}

export class BatchArrivals {
  readonly #batch: Batch;
  readonly #judging: Judging;
  readonly #stampAt: (i: number) => number;
  readonly #side: Side;
  readonly #late: number[] = [];

  constructor(batch: Batch, side: Side, judging: Judging) {
    this.#batch = batch;
    this.#side = side;
    this.#judging = judging;
    this.#stampAt = batch.stamps();
  }

  /** By logical row, in their order; null: it is late, or was set aside. */
  at(i: number): Arrival | null {
    const { context, fired, site, arrivalAt } = this.#judging;
    const arrival = orSetAside(context, site, this.#batch, i, arrivalAt);
    if (arrival === null) return null;
    const { moment, group } = arrival;
    if (moment === null || moment.lateFrom > Math.max(this.#stampAt(i), fired.of(group))) return arrival;
    this.#late.push(i);
    return null;
  }

  /** All of them have been asked for: those that are late are counted, and go out by a port of their own. */
  done(out: Output): void {
    const { length } = this.#late;
    if (length === 0) return;
    this.#judging.context.count('late', length);
    const batch = this.#batch;
    out.emit(length === batch.length ? batch : batch.select(Int32Array.from(this.#late)), latePorts[this.#side]);
  }
}

/** Which sides have times that are under a watermark. */
export function timedSides({ bound, inputs }: JoinNode): readonly boolean[] {
  const columns = bound === undefined ? [] : [bound.left, bound.right];
  return columns.map((column, side) => underWatermark(inputs[side]!, column) !== 'no');
}

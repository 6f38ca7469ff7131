/**
 * When rows of two sides may belong together, and when one of them can find no partner any more.
 *
 * Owns: times of rows, the buckets by which they are kept, and how long. No row comes any more whose time is below the watermark; so a
 * left row of time l, whose partners have times in [l + low, l + high], has had all that it can have once the watermark is above l + high.
 */
import type { JoinBound } from '../../plan/index.ts';

export type Side = 0 | 1;

/** In how many buckets the times lie that one row's partners may have. */
const bucketsPerRange = 8;
/** No finer, however short the range; and where partners have the same time. */
const bucketMsMin = 10;
const bucketMsOfEqual = 1000;

/** Where partners are kept: in buckets from `first` to `last`, and there those of times from `lowest` to `highest`. */
export interface Reach {
  readonly first: number;
  readonly last: number;
  readonly lowest: number;
  readonly highest: number;
}

const everywhere: Reach = { first: 0, last: 0, lowest: -Infinity, highest: Infinity };

export class JoinTimes {
  /** The length of a bucket, and so the distance of two. */
  readonly step: number;
  /** How far the times of joined rows may lie behind the watermark. */
  readonly holdsBackMs: number;
  readonly #bound: JoinBound | undefined;
  /** A watermark says when rows can go. */
  readonly #closes: boolean;

  constructor(bound: JoinBound | undefined, closes: boolean) {
    this.#bound = bound;
    this.#closes = bound !== undefined && closes;
    const { lowMs, highMs } = bound ?? { lowMs: 0, highMs: 0 };
    this.step = lowMs === highMs ? bucketMsOfEqual : Math.max(bucketMsMin, Math.ceil((highMs - lowMs) / bucketsPerRange));
    this.holdsBackMs = this.#closes ? Math.max(0, highMs, -lowMs) : 0;
  }

  /** The bucket that a row is kept in. */
  bucketOf(time: number): number {
    return this.#bound === undefined ? 0 : Math.floor(time / this.step) * this.step;
  }

  /** The watermark from which a row has had all partners that it can have. */
  untilOf(side: Side, time: number): number {
    if (!this.#closes) return Infinity;
    return time + (side === 0 ? this.#bound!.highMs : -this.#bound!.lowMs) + 1;
  }

  /** Where a row's partners are on the other side. */
  reachOf(side: Side, time: number): Reach {
    if (this.#bound === undefined) return everywhere;
    const { lowMs, highMs } = this.#bound;
    const [lowest, highest] = side === 0 ? [time + lowMs, time + highMs] : [time - highMs, time - lowMs];
    return { first: this.bucketOf(lowest), last: this.bucketOf(highest), lowest, highest };
  }
}

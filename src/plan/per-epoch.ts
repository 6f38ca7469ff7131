/** Rows that are taken epoch by epoch. */
import type { KeySelector, LogicalNode, NodeBase } from './logical.ts';

/** What an operator is told beside the rows of an epoch. */
export interface EpochEnd {
  /** Null where all rows are of one key. */
  readonly key: unknown;
  /** What the key's last call gave as its state; undefined: nothing. */
  readonly state: unknown;
  /** That of the barrier, ms. */
  readonly time: number;
  /** Epochs since the job began, this one included: 1 is the first. */
  readonly batch: number;
}
export interface EpochResult {
  readonly rows: Iterable<unknown>;
  /** Kept for the key, which is then called at each barrier, whether rows have come for it or not; undefined: nothing. */
  readonly state?: unknown;
}
/** The rows that have come for a key within an epoch, taken together at its barrier: a micro-batch. */
export interface PerEpochNode extends NodeBase {
  readonly kind: 'perEpoch';
  readonly input: LogicalNode;
  /** Absent: all rows are of one key, and it is called at each barrier. */
  readonly key?: KeySelector;
  /** What it does, in words: part of what its state means. */
  readonly does: string;
  /** Called at each so many barriers only, unless rows have come. */
  readonly every: number;
  /** Makes one row of two of a key, as they come, so that `onEpoch` is given one; absent: it is given all. */
  readonly fold?: (a: never, b: never) => unknown;
  readonly onEpoch: (rows: never, end: never) => EpochResult;
}

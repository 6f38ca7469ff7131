/**
 * When a single moment is late, which has no window around it: of a row of a join, or of a deduplication.
 *
 * It is late if it lies `delay` or more behind the latest time of its split, as in Spark: not above the watermark. With a delay of nothing
 * the latest time is no further behind than itself, and not late.
 */
import type { LogicalNode } from './logical.ts';
import { inputsOf } from './inputs.ts';

/** Whether a time that is equal to the watermark is late in the rows of this node. */
export function equalIsLate(node: LogicalNode): boolean {
  if (node.kind === 'watermark' && node.delayMs === 0) return false;
  return inputsOf(node).every(equalIsLate);
}

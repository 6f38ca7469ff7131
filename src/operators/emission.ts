/** When a result that still changes is emitted: the rule that aggregations and complete sinks share, so that both decide alike. */
import type { Barrier } from '../progress/index.ts';

/**
 * Is an emission due at this barrier?
 *
 * @param everyMs at most this often; 0 = at every barrier
 * @param last the time of the barrier of the last emission; -Infinity before the first
 */
export function emissionDue(everyMs: number, last: number, barrier: Barrier): boolean {
  return everyMs === 0 || barrier.last !== undefined || barrier.time - last >= everyMs;
}

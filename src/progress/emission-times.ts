/**
 * When results that still change go out: the coordinator decides it once for the whole job and says it in the barrier, so that
 * an aggregation and the sinks behind it cannot disagree, not even after an epoch that was aborted.
 */
import type { Barrier } from './barrier.ts';

/** `every` in ms → time of the barrier at which such results last went out, in an epoch that completed. */
export type EmissionTimes = Readonly<Record<string, number>>;

/** Those of `everyMs` that are due at a barrier of this time; all of them at the last one of a run. */
export function emissionsDue(everyMs: readonly number[], emitted: EmissionTimes, time: number, last: boolean): readonly number[] {
  return everyMs.filter((every) => last || time - (emitted[every] ?? -Infinity) >= every);
}

/** After the barrier's epoch has completed. */
export function emittedBy(emitted: EmissionTimes, { due, time }: Barrier): EmissionTimes {
  return due.length === 0 ? emitted : { ...emitted, ...Object.fromEntries(due.map((every) => [every, time])) };
}

/** Do results that go out at most every so often go out at this barrier? Those without `every` (0) always do. */
export function isDue(everyMs: number, { due }: Barrier): boolean {
  return everyMs === 0 || due.includes(everyMs);
}

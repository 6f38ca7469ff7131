/**
 * Says why nothing is written although rows come in: nearly always a watermark that stands, and one split that holds it.
 *
 * Owns: when to say it (once per silence of `stallMs`), and the words. Pure: `(state, status, now) → state and line`.
 */
import type { JobStatus } from '../cluster/index.ts';

/** How long nothing may be written before it is worth a line. */
export const stallMs = 10_000;

export interface StallState {
  readonly rowsOut: number;
  /** Since the call before. */
  readonly rowsIn: number;
  /** When `rowsOut` was first seen as it is. */
  readonly since: number;
  readonly told: boolean;
}
export interface StallDecision {
  readonly state: StallState;
  readonly line?: string;
}

export function watchStall(before: StallState | undefined, status: JobStatus, now: number): StallDecision {
  const { rowsIn, rowsOut } = status.report;
  if (before === undefined || before.rowsOut !== rowsOut) return { state: { rowsOut, rowsIn, since: now, told: false } };
  const silentMs = now - before.since;
  const worthALine = !before.told && silentMs >= stallMs && rowsIn > before.rowsIn && status.state === 'running';
  const state = { ...before, rowsIn, told: before.told || worthALine };
  return worthALine ? { state, line: stallLine(status, silentMs) } : { state };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function stallLine({ watermark, nextWindowEnd, heldBackBy }: JobStatus, forMs: number): string {
  const because = [
    watermark === null ? 'there is no watermark yet' : `the watermark is at ${iso(watermark)}`,
    nextWindowEnd === null ? 'no window is open' : `the next window ends at ${iso(nextWindowEnd)}`,
    ...(heldBackBy === null ? [] : [`the split ${heldBackBy} holds the watermark back`]),
  ];
  return `nothing was written for ${Math.floor(forMs / 1000)} s while rows come in: ${because.join(', ')}`;
}

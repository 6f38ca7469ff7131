/**
 * Says why nothing is written although rows come in: nearly always a watermark that stands, and one split that holds it.
 *
 * Owns: when to say it (once per silence of `stallMs`), and the words. Pure: `(state, status, now) → state and line`.
 * Invariants: SV3 a silence begins with a row: while nothing came in there was nothing to write.
 */
import type { JobStatus } from '../cluster/index.ts';

/** How long nothing may be written before it is worth a line. */
export const stallMs = 10_000;

export interface StallState {
  readonly rowsOut: number;
  /** At the call before. */
  readonly rowsIn: number;
  /** When the first row was seen to come in that nothing was written after; null before there is one. */
  readonly since: number | null;
  readonly told: boolean;
}
export interface StallDecision {
  readonly state: StallState;
  readonly line?: string;
}

export function watchStall(before: StallState | undefined, status: JobStatus, now: number): StallDecision {
  const { rowsIn, rowsOut } = status.report;
  if (before === undefined || before.rowsOut !== rowsOut) {
    const since = before === undefined && rowsIn > 0 ? now : null;
    return { state: { rowsOut, rowsIn, since, told: false } };
  }
  const came = rowsIn > before.rowsIn;
  const since = before.since ?? (came ? now : null);
  const silentMs = since === null ? 0 : now - since;
  const worthALine = !before.told && silentMs >= stallMs && came && status.state === 'running';
  const state = { rowsOut, rowsIn, since, told: before.told || worthALine };
  return worthALine ? { state, line: stallLine(status, silentMs) } : { state };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function stallLine(status: JobStatus, forMs: number): string {
  const because = hasWatermark(status)
    ? watermarkWords(status)
    : ['no watermark holds them back, so its functions give no rows, or `every` has not passed'];
  return `nothing was written for ${Math.floor(forMs / 1000)} s while rows come in: ${because.join(', ')}`;
}

/** Rows have come in: had any source a watermark, it would be known by now. */
function hasWatermark({ watermark, nextWindowEnd, subtasks }: JobStatus): boolean {
  const known = subtasks.some(({ splits }) => splits.some((split) => split.watermark !== null));
  return watermark !== null || nextWindowEnd !== null || known;
}

function watermarkWords(status: JobStatus): string[] {
  const { watermark, nextWindowEnd } = status;
  const holder = heldBackBy(status);
  return [
    watermark === null ? 'there is no watermark yet' : `the watermark is at ${iso(watermark)}`,
    nextWindowEnd === null ? 'no window is open' : `the next window ends at ${iso(nextWindowEnd)}`,
    ...(holder === null ? [] : [`the split ${holder} holds the watermark back`]),
  ];
}

/** With its source where there are several, whose splits may have the same names. */
function heldBackBy({ heldBackBy: split, subtasks }: JobStatus): string | null {
  if (split === null) return null;
  const sources = new Set(subtasks.filter(({ splits }) => splits.length > 0).map(({ operators }) => operators[0]));
  if (sources.size < 2) return split;
  const active = subtasks.flatMap(({ operators, splits }) =>
    splits
      .filter(({ state }) => state === 'active')
      .map((each) => ({ at: each.watermark ?? -Infinity, name: `${each.split} of ${operators[0]}` })),
  );
  const least = Math.min(...active.map(({ at }) => at));
  return active.find(({ at }) => at === least)?.name ?? split;
}

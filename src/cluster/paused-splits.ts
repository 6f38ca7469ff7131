/** Which splits are not read because they are ahead of others of their group, and for whom they wait: of a job's status alone. */
import { formatMs } from '../core/index.ts';
import type { JobStatus } from './status.ts';
import { timeOf } from './time-text.ts';

export interface PausedSplit {
  readonly source: string;
  readonly split: string;
  readonly watermark: number | null;
  readonly group: string;
  readonly maxDriftMs: number;
  /** The one that is furthest behind in the group; null: it has just come up. */
  readonly waitsFor: { readonly source: string; readonly split: string; readonly watermark: number | null } | null;
  /** In words. */
  readonly says: string;
}

export function pausedSplits({ subtasks }: Pick<JobStatus, 'subtasks'>): readonly PausedSplit[] {
  const all = subtasks.flatMap(({ operators, splits }) => splits.map((split) => ({ ...split, source: operators[0]! })));
  const behind = (watermark: number | null): number => watermark ?? -Infinity;
  return all.flatMap(({ source, split, watermark, alignment }) => {
    if (alignment?.paused !== true) return [];
    const { group, maxDriftMs } = alignment;
    const others = all.filter((other) => other.alignment?.group === group && other.state === 'active');
    const least = others.toSorted((a, b) => behind(a.watermark) - behind(b.watermark))[0];
    const waitsFor =
      least === undefined || behind(least.watermark) >= behind(watermark)
        ? null
        : { source: least.source, split: least.split, watermark: least.watermark };
    const paused = { source, split, watermark, group, maxDriftMs, waitsFor };
    return [{ ...paused, says: inWords(paused) }];
  });
}

function inWords({ source, split, watermark, group, maxDriftMs, waitsFor }: Omit<PausedSplit, 'says'>): string {
  const stands = watermark === null ? '' : `, at ${timeOf(watermark)},`;
  const ahead = `split ${split} of ${source}${stands} is not read: it is more than ${formatMs(maxDriftMs)} ahead in the group '${group}'`;
  if (waitsFor === null) return `${ahead}, whose others come up now`;
  const there = waitsFor.watermark === null ? 'has given no row yet' : `is at ${timeOf(waitsFor.watermark)}`;
  return `${ahead} of split ${waitsFor.split} of ${waitsFor.source}, which ${there}`;
}

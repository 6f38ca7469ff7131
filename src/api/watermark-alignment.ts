/** Sources, and splits, that are read together. */
import type { Duration } from '../core/index.ts';
import type { WatermarkNode } from '../plan/index.ts';
import { type Call, called, refused } from './call.ts';
import { positiveMs } from './window-key.ts';

export interface WatermarkAlignment {
  /**
   * A split whose watermark is further than this ahead of the least of its group is not read until the others have come up, so that what waits for
   * them, in a join say, stays small: `'5 minutes'`. It is exceeded by what one piece holds (4,096 rows at most). Those that are idle, or have ended,
   * are not waited for. The same for all of a group, longer than nothing. No result depends on it.
   */
  readonly maxDrift: Duration;
  /** Those of one name are read together (`'all'`). */
  readonly group?: string;
}

/** @throws WeirError `E_PLAN` for a drift that is no duration, and a group that is no name */
export function alignedBy(align: WatermarkAlignment | undefined, call: Call): Pick<WatermarkNode, 'align'> {
  if (align === undefined) return {};
  const { maxDrift, group = 'all' } = align;
  if (typeof group !== 'string' || group === '')
    throw refused(call, 'a group of sources has a name', "as in { align: { maxDrift: '5 minutes', group: 'orders' } }");
  return { align: { group, maxDriftMs: positiveMs(maxDrift, `${called(call)} maxDrift`) } };
}

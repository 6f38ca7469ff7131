import type { RestoredPart } from './operator.ts';

/** The watermark that all of the parts had forwarded; -Infinity of none. @param of a part's, which is all of its snapshot unless said */
export function restoredWatermark(
  parts: readonly RestoredPart[],
  of: (snapshot: never) => number = (snapshot) => snapshot,
): number {
  return parts.length === 0 ? -Infinity : Math.min(...parts.map(({ value }) => of(value as never)));
}

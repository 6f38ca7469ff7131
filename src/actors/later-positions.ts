/** Tests only (`--break offset-after-barrier`): a snapshot with the positions of a moment later. */
import { type Clock, sleep } from '../core/index.ts';
import type { SubtaskSnapshot } from '../state/index.ts';
import type { SplitPosition } from './subtask-state.ts';

export async function withLaterPositions(
  run: Promise<SubtaskSnapshot>,
  clock: Clock,
  positions: () => readonly SplitPosition[],
): Promise<SubtaskSnapshot> {
  const snapshot = await run;
  await sleep(clock, 60);
  const later = new Map(positions().map((position) => [position.split, position]));
  return {
    ...snapshot,
    parts: snapshot.parts.map((part) => ({
      ...part,
      splits: part.splits.map((split) => ({
        ...split,
        ...later.get(split.split),
        position: later.get(split.split)?.position ?? null,
      })),
    })),
  };
}

/**
 * Which worker runs which subtask, and which subtask reads which split.
 *
 * Owns: the assignment of one generation. Invariants: Z1 every subtask is assigned once; Z2 every split is read by exactly one
 * subtask of its source, those of the restored checkpoint included.
 */
import { type Assignment, subtaskName } from '../actors/index.ts';
import { type OperatorId, WeirError } from '../core/index.ts';
import type { PhysicalPlan, Stage } from '../plan/index.ts';
import type { Manifest } from '../state/index.ts';

export function subtasksOf(plan: PhysicalPlan): readonly string[] {
  return plan.stages.flatMap((stage) =>
    Array.from({ length: stage.parallelism }, (_, subtask) => subtaskName(stage.index, subtask)),
  );
}

/** Those that something runs on: the others are spare, and what becomes of them concerns no generation. */
export function usedSlots(plan: PhysicalPlan, slots: readonly string[]): readonly string[] {
  return slots.slice(0, Math.max(...plan.stages.map(({ parallelism }) => parallelism)));
}

/** @param slots workers, each as often as it may run a subtask of one stage */
export async function assign(
  plan: PhysicalPlan,
  slots: readonly string[],
  restore: Manifest | null,
  discover: (source: OperatorId) => Promise<readonly string[]>,
): Promise<ReadonlyMap<string, readonly Assignment[]>> {
  const assignments = new Map<string, Assignment[]>(slots.map((worker) => [worker, []]));
  for (const stage of plan.stages) {
    const splits = await splitsOf(stage, restore, discover);
    for (let subtask = 0; subtask < stage.parallelism; subtask++) {
      const worker = slots[subtask % slots.length]!;
      assignments
        .get(worker)!
        .push({ stage: stage.index, subtask, splits: splits.filter((_, i) => i % stage.parallelism === subtask) });
    }
  }
  return assignments;
}

export function sourcesOf(plan: PhysicalPlan): readonly Stage[] {
  return plan.stages.filter(isSource);
}

/** How many subtasks read. */
export const sourceSubtasks = (plan: PhysicalPlan): number =>
  sourcesOf(plan).reduce((sum, { parallelism }) => sum + parallelism, 0);

/** Names of subtasks of sources that have nothing to read. */
export function withoutSplits(plan: PhysicalPlan, assignments: ReadonlyMap<string, readonly Assignment[]>): readonly string[] {
  return [...assignments.values()]
    .flat()
    .filter(({ stage, splits }) => splits.length === 0 && isSource(plan.stages[stage]!))
    .map(({ stage, subtask }) => subtaskName(stage, subtask));
}

const isSource = (stage: Stage): boolean => stage.operators[0]!.node.kind === 'source';

async function splitsOf(
  stage: Stage,
  restore: Manifest | null,
  discover: (source: OperatorId) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const root = stage.operators[0]!;
  if (!isSource(stage)) return [];
  const known = (restore?.operators[root.id] ?? []).flatMap((part) => part.splits.map((split) => split.split)).sort();
  const found = restore?.finished === true ? [] : await discover(root.id);
  return [...known, ...found.filter((split) => !known.includes(split))];
}

export function lostWorker(workers: readonly string[], left: readonly string[]): WeirError {
  const lost = workers.filter((worker) => !left.includes(worker));
  return new WeirError('E_CHANNEL', `worker ${lost.join(', ')} was lost before it was deployed`);
}

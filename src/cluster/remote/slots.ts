/**
 * Whose slot each subtask gets.
 *
 * Pure. Subtasks are spread over the workers, one of each in turn; among those, each goes where it was before if it can: that process
 * may still have copies of its state.
 */
import type { Deployment } from '../../actors/index.ts';

/** What a worker ran last. */
export interface Had {
  readonly generation: number;
  /** Indexes of subtasks, of whatever stages. */
  readonly subtasks: readonly number[];
}
export interface SlotOwner {
  readonly session: string;
  readonly slots: number;
  /** Null: nothing. */
  readonly had: Had | null;
}

/** What a worker has run once it is deployed. */
export function hadAfter({ generation, assignments }: Pick<Deployment, 'generation' | 'assignments'>): Had {
  return { generation, subtasks: [...new Set(assignments.map(({ subtask }) => subtask))] };
}

/** The i-th is for the subtasks of index i; those behind `parallelism` are spare. */
export function slotsOf(workers: readonly SlotOwner[], parallelism: number): readonly string[] {
  const all = inTurn(workers.toSorted((a, b) => (b.had?.generation ?? 0) - (a.had?.generation ?? 0)));
  const free = all.slice(0, parallelism);
  const kept = Array.from({ length: free.length }, (_, index) => {
    const at = free.findIndex(({ had }) => had?.subtasks.includes(index) === true);
    return at === -1 ? undefined : free.splice(at, 1)[0];
  });
  const used = kept.map((worker) => worker ?? free.shift()!);
  return [...used, ...all.slice(parallelism)].map(({ session }) => session);
}

/** One slot of each, then the second ones, and so on. */
function inTurn(workers: readonly SlotOwner[]): readonly SlotOwner[] {
  const most = Math.max(0, ...workers.map(({ slots }) => slots));
  return Array.from({ length: most }, (_, slot) => workers.filter(({ slots }) => slots > slot)).flat();
}

/**
 * Which subtask owns which slice of the key space.
 *
 * Owns: the routing table by formula. Invariants: KG1 every key group has exactly one owner; KG2 a subtask's groups are
 * contiguous, and sizes differ by at most one.
 */
import { invariant } from '../core/index.ts';

/** Key groups of a job, fixed for the life of its state. */
export const keyGroupsOfJob = 128;

/** The owner of each key group. */
export function routingTable(keyGroups: number, parallelism: number): Uint16Array {
  invariant(parallelism >= 1 && parallelism <= keyGroups, `KG1: ${parallelism} subtasks cannot share ${keyGroups} key groups`);
  return Uint16Array.from({ length: keyGroups }, (_, group) => Math.floor((group * parallelism) / keyGroups));
}

/** The groups [from, to) of a subtask. */
export function ownedGroups(keyGroups: number, parallelism: number, subtask: number): readonly [number, number] {
  const first = (index: number): number => Math.ceil((index * keyGroups) / parallelism);
  return [first(subtask), first(subtask + 1)];
}

/**
 * Whether the state of a checkpoint fits the job that is to go on from it.
 *
 * Owns: the comparison, operator by operator, "was / is". New stateful operators begin empty, and the log says so; state
 * that nobody takes any more is refused: it would be lost.
 */
import { keyHashVersion } from '../batch/index.ts';
import { type Logger, WeirError } from '../core/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { Manifest } from '../state/index.ts';
import { statesOf } from './checkpoints.ts';

/** @throws WeirError `E_STATE_INCOMPATIBLE` listing every difference */
export function checkCompatible(manifest: Manifest, plan: PhysicalPlan, logger: Logger): void {
  const is = statesOf(plan);
  const differences = Object.entries(manifest.states).flatMap(([id, was]) => difference(id, was, is[id]));
  if (manifest.keyGroups !== plan.keyGroups) differences.push(`key groups: was ${manifest.keyGroups}, is ${plan.keyGroups}`);
  if (manifest.keyHashVersion !== keyHashVersion)
    differences.push(`key hash: was version ${manifest.keyHashVersion}, is ${keyHashVersion}`);
  if (differences.length > 0) {
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `checkpoint ${manifest.epoch} of job '${manifest.job}' does not fit the job as it is now:\n${differences.map((line) => `  ${line}`).join('\n')}`,
      {
        hint: 'undo the change to keep the state; run it beside the old one, with a state of its own, with --job NAME and other outputs; or start anew with --fresh, which forgets the old state. An operator that only moved keeps its state if it is given its old id with .named()',
      },
    );
  }
  for (const id of Object.keys(is))
    if (manifest.states[id] === undefined) logger.warn({ operator: id }, 'this operator is new: it begins without state');
}

function difference(id: string, was: string, is: string | undefined): string[] {
  if (is === undefined) return [`${id}: was "${was}", is gone`];
  return was === is ? [] : [`${id}: was "${was}", is "${is}"`];
}

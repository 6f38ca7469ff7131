/**
 * Whether the state of a checkpoint fits the job that is to go on from it.
 *
 * Owns: the comparison, operator by operator, "was / is". New stateful operators begin empty, and the log says so; state
 * that nobody takes any more is refused: it would be lost. The states that a process function declares are compared one by one, and
 * some may change (plan/state-shape.ts).
 */
import { keyHashVersion } from '../batch/index.ts';
import { type Logger, WeirError } from '../core/index.ts';
import { keyText, type PhysicalPlan, shapeOf, shapeText, type StateShape, takeover } from '../plan/index.ts';
import type { Manifest } from '../state/index.ts';
import { statesOf } from './checkpoints.ts';

/** @throws WeirError `E_STATE_INCOMPATIBLE` listing every difference */
export function checkCompatible(manifest: Manifest, plan: PhysicalPlan, logger: Logger): void {
  const is = statesOf(plan);
  const differences = Object.entries(manifest.states).flatMap(([id, was]) => difference({ id, was, is: is[id] }, manifest, plan));
  if (manifest.keyGroups !== plan.keyGroups) differences.push(`key groups: was ${manifest.keyGroups}, is ${plan.keyGroups}`);
  if (manifest.keyHashVersion !== keyHashVersion)
    differences.push(`key hash: was version ${manifest.keyHashVersion}, is ${keyHashVersion}`);
  if (differences.length > 0) {
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `checkpoint ${manifest.epoch} of job '${manifest.job}' does not fit the job as it is now:\n${differences.map((line) => `  ${line}`).join('\n')}`,
      {
        hint: 'undo the change to keep the state; run it beside the old one, with a state of its own, with --job NAME and other outputs; or start anew with --fresh, which forgets the old state. What process() declares may get new states and nullable fields, and takes anything else over by `migrate`. An operator that only moved keeps its state if it is given its old id with .named()',
      },
    );
  }
  for (const id of Object.keys(is))
    if (manifest.states[id] === undefined) logger.warn({ operator: id }, 'this operator is new: it begins without state');
}

interface Compared {
  readonly id: string;
  readonly was: string;
  readonly is: string | undefined;
}

function difference({ id, was, is }: Compared, manifest: Manifest, plan: PhysicalPlan): string[] {
  if (is === undefined) return [`${id}: was "${was}", is gone`];
  if (was === is) return [];
  const node = plan.stages.flatMap((stage) => stage.operators).find((operator) => operator.id === id)?.node;
  const shapes = manifest.shapes?.[id] as Readonly<Record<string, StateShape>> | undefined;
  if (node?.kind !== 'process' || shapes === undefined || !was.startsWith(keyText(node)))
    return [`${id}: was "${was}", is "${is}"`];
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const declared = node.state[name];
    if (declared === undefined) return [`${id}, state '${name}': was "${shapeText(shape)}", is gone`];
    if (takeover(shape, declared) !== undefined) return [];
    return [`${id}, state '${name}': was "${shapeText(shape)}", is "${shapeText(shapeOf(declared))}"`];
  });
}

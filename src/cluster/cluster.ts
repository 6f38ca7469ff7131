/**
 * A whole job in one process: coordinator and worker wired over an injected environment.
 *
 * Owns: the wiring. Production and tests run this same code; only the environment differs. Control messages pass through `defer`, so
 * that nobody is called back in the middle of a transition.
 */
import type { WorkerEnvironment } from '../actors/index.ts';
import type { Random } from '../core/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import { Lead, type LeadOptions } from './lead.ts';
import { LocalWorker } from './local-worker.ts';
import type { RunningJob } from './status.ts';

export interface ClusterEnvironment extends WorkerEnvironment {
  readonly random: Random;
}

/**
 * Reads the job's state and starts it.
 *
 * @throws WeirError `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_RUNNING`, `E_STORE`
 */
export async function startCluster(
  plan: PhysicalPlan,
  environment: ClusterEnvironment,
  options: LeadOptions = {},
): Promise<RunningJob> {
  const lead = new Lead(plan, environment, options, ({ said }) => new LocalWorker(plan, environment, said));
  await lead.start();
  return lead;
}

import { WeirError } from '../core/index.ts';
import type { LogicalJob } from '../plan/index.ts';
import { claimStore, jobDirectory, type OperatedJob, startJob } from '../runtime/index.ts';
import type { EngineOptions } from './run-command.ts';

/** Starts a job in this process, its state in a directory that remembers it. */
export async function startEmbedded(job: LogicalJob, engine: EngineOptions): Promise<OperatedJob> {
  if (engine.snapshots !== undefined || engine.cache !== undefined)
    throw new WeirError('E_USAGE', `${engine.cache === undefined ? '--snapshots' : '--cache'} is for jobs on NATS`, {
      hint: 'the state of this one is in --state-dir',
    });
  await claimStore(jobDirectory(engine.stateDir, job.name), 'this directory', engine.fresh ?? false);
  return startJob(job, engine);
}

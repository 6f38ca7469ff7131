/** Starts a job in this process, its state in a directory that remembers it: alone, or with worker threads. */
import { ownModule, WeirError } from '../core/index.ts';
import type { LogicalJob } from '../plan/index.ts';
import { claimStore, jobDirectory, leadThreads, type OperatedJob, startJob } from '../runtime/index.ts';
import type { JobThreadSettings } from './job-thread.ts';
import type { EngineOptions } from './run-command.ts';
import { usualParallelism } from './start-on-nats.ts';
import type { TransportChoice } from './transport-choice.ts';
import { version } from './version.ts';
import { usualCacheMiB } from './worker-command.ts';

export async function startEmbedded(
  job: LogicalJob,
  engine: EngineOptions,
  { flags }: Extract<TransportChoice, { kind: 'memory' }>,
): Promise<OperatedJob> {
  await claimDirectory(job, engine);
  return startJob(job, { ...engine, nats: flags });
}

/** @param module as the user wrote it: each thread loads it */
export async function startOnThreads(
  job: LogicalJob,
  engine: EngineOptions,
  { workers, flags }: Extract<TransportChoice, { kind: 'threads' }>,
  module: string,
): Promise<OperatedJob> {
  await claimDirectory(job, engine);
  const parallelism = engine.parallelism ?? usualParallelism(job, workers);
  const broken = engine.sabotage?.break;
  const settings: JobThreadSettings = {
    module,
    slots: Math.ceil(parallelism / workers),
    flags,
    copiesBytesMax: (engine.cacheMemory ?? usualCacheMiB) * 2 ** 20,
    ...(broken === undefined ? {} : { break: broken }),
  };
  return leadThreads(job, {
    ...engine,
    parallelism,
    nats: flags,
    threads: workers,
    entry: ownModule('service/job-thread'),
    settings,
    version: version(),
  });
}

async function claimDirectory({ name }: LogicalJob, { snapshots, cache, stateDir, fresh = false }: EngineOptions): Promise<void> {
  if (snapshots !== undefined || cache !== undefined)
    throw new WeirError('E_USAGE', `${cache === undefined ? '--snapshots' : '--cache'} is for jobs on NATS`, {
      hint: 'the state of this one is in --state-dir',
    });
  await claimStore(jobDirectory(stateDir, name), 'this directory', fresh);
}

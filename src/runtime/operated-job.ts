/** A running job as operators of other processes see it: over NATS, and over HTTP. */
import { resolve } from 'node:path';
import type { RunningJob } from '../cluster/index.ts';
import { sleep, WeirError } from '../core/index.ts';
import { realClock } from './real-clock.ts';
import { writeSavepoint } from './savepoint.ts';

export interface OperatedJob extends RunningJob {
  /**
   * A stop that is meant: a coordinator that waits to take over ends too. Calling again is allowed.
   *
   * @param savepoint a directory: the last checkpoint becomes a savepoint there
   * @throws WeirError `E_USAGE` if the directory is not empty; then nothing is stopped
   */
  stopForAll(savepoint?: string): Promise<Stopped>;
}

export interface Stopped {
  /** `finished`: it came to its end by itself first. */
  readonly state: 'stopped' | 'finished';
  /** Of its last checkpoint; 0 = it has none. */
  readonly epoch: number;
  /** Absolute path of the savepoint, or null. */
  readonly savepoint: string | null;
}
export interface Saved {
  readonly epoch: number;
  /** Absolute path. */
  readonly directory: string;
}

/** How long a job may be restarting, or waiting for workers, before no savepoint is taken. */
const startsWithinMs = 30_000;
const pollMs = 100;

/**
 * Takes a savepoint, once the job runs.
 *
 * @throws WeirError `E_USAGE` if there is something in the directory, or the job does not run; `E_STORE`
 */
export async function takeSavepoint(job: RunningJob, directory: string): Promise<Saved> {
  const isStarting = (): boolean => ['starting', 'restoring', 'restarting'].includes(job.status().state);
  for (const from = realClock.monotonic(); isStarting() && realClock.monotonic() - from < startsWithinMs; )
    await sleep(realClock, pollMs);
  const { state } = job.status();
  if (state !== 'running' && state !== 'throttled')
    throw new WeirError('E_USAGE', `job ${job.name} is ${state}, not running: no savepoint can be taken`, {
      hint: 'look at `weir status`, and ask again once it runs; a job that has stopped is its own savepoint',
    });
  return { epoch: await writeSavepoint(job, directory), directory: resolve(directory) };
}

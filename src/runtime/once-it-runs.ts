import type { RunningJob } from '../cluster/index.ts';
import { sleep } from '../core/index.ts';
import { realClock } from './real-clock.ts';

const pollMs = 50;

/** A job that begins, or begins again after a failure, takes checkpoints in a moment; one that is over never again. */
export async function onceItRuns(running: RunningJob, finished: Promise<unknown>): Promise<void> {
  let over = false;
  const end = finished.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over && ['starting', 'restoring', 'restarting'].includes(running.status().state))
    await Promise.race([end, sleep(realClock, pollMs)]);
}

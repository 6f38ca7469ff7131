/** What a pipeline is that says nothing else. */
import type { LogicalJob } from '../plan/index.ts';

export const defaultParallelism = 1;
export const defaultCheckpointEveryMs = 1000;
export const defaultRestart: LogicalJob['restart'] = { attempts: 10, withinMs: 600_000, backoffMs: 1000 };

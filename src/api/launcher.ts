/** The port through which a stream runs itself (`rows()`): the DSL knows no runtime, so the door gives it one. */
import type { LogicalJob } from '../plan/index.ts';
import type { Job, RunOptions } from './job.ts';

export interface Launcher {
  /** Resolves once the job runs. */
  start(job: LogicalJob, options: LaunchOptions): Promise<Job>;
}
export interface LaunchOptions extends RunOptions {
  /** The job lives as long as the loop that reads it: its state is kept in memory. */
  readonly ephemeral: boolean;
}

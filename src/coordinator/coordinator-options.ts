import type { ToSupervisor } from '../actors/index.ts';
import type { Clock, Logger, OperatorId, Random, RunTrigger, Sabotage, WeirError } from '../core/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { JobStores } from '../state/index.ts';

export interface CoordinatorOptions {
  readonly plan: PhysicalPlan;
  readonly stores: JobStores;
  /** Those that the next generation is to run on, each as often as it has slots: the i-th takes subtasks of index i, and what is too many is
   * spare. Resolves once there are enough, rejects when `signal` aborts. */
  readonly workers: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly send: (worker: string, message: ToSupervisor) => void;
  /** The splits that a source has now. */
  readonly discover: (source: OperatorId) => Promise<readonly string[]>;
  /** Where a split ends now; undefined: it ends by itself. */
  readonly endNow: (source: OperatorId, split: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `continuous` unless said. */
  readonly trigger?: RunTrigger;
  /** Instead of the pipeline's. */
  readonly checkpointIntervalMs?: number;
  /** Tests only. */
  readonly sabotage?: Sabotage;
}

export type JobOutcome = { readonly kind: 'finished' | 'stopped' } | { readonly kind: 'failed'; readonly error: WeirError };

import type { ToSupervisor } from '../actors/index.ts';
import type { SubtaskFacts } from './subtask-facts.ts';

/** The workers of a job as its coordinator sees them: in this process, or anywhere. */
export interface Workers {
  /** Those to deploy on, each as often as it has slots: the i-th takes subtasks of index i, and what is too many is spare. Resolves once there are enough, rejects when the signal aborts. */
  available(signal: AbortSignal): Promise<readonly string[]>;
  send(worker: string, message: ToSupervisor): void;
  /** How many there are. */
  readonly count: number;
  /** Those that run nothing, and have read what they may have to restore. */
  readonly spares: number;
  /** What their subtasks say of themselves; of workers elsewhere a moment ago. */
  facts(): readonly SubtaskFacts[];
  /** The job is over: they may go. `left`: its coordinator is, and they may serve another one. */
  release(left: boolean): Promise<void>;
  /** Ends them as a crash would. */
  kill(): Promise<void>;
}

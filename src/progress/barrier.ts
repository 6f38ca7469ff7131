import type { Epoch } from '../core/index.ts';

/** The mark that cuts every stream at one consistent place. */
export interface Barrier {
  readonly epoch: Epoch;
  /** The coordinator's wall time when it opened the epoch, ms: the same for all subtasks, and never less than an earlier one's. */
  readonly time: number;
  /** Each `every` (ms) whose results go out at this barrier; results without one always do. */
  readonly due: readonly number[];
  /** `stop`: the last one of this run, more may come after a restart. `end`: the input is exhausted, nothing comes any more. */
  readonly last?: 'stop' | 'end';
}

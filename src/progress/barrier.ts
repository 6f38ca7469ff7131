import type { Epoch } from '../core/index.ts';

/** The mark that cuts every stream at one consistent place. */
export interface Barrier {
  readonly epoch: Epoch;
  /** The coordinator's wall time when it opened the epoch, ms: the same for all subtasks, and never less than an earlier one's. */
  readonly time: number;
  /** Each `every` (ms) whose results go out at this barrier; results without one always do. */
  readonly due: readonly number[];
  /** The last one of this run. `end`: the input is exhausted, nothing comes any more. `drain`: what there was of it was read, and more may
   * come in another run; so after a `stop`. */
  readonly last?: 'stop' | 'drain' | 'end';
}

/** What one operator of a subtask is given: its state, its counters, and the way to the dead letters. */
import type { Clock, Generation, Logger } from '../core/index.ts';
import type { DeadRecord, OperatorContext } from '../operators/index.ts';
import type { OperatorState } from '../state/index.ts';

export class OperatorCounters {
  late = 0;
  rowsOut = 0;
  deadLetters = 0;
  duplicates = 0;
}

export interface ContextOptions {
  readonly operator: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly generation: Generation;
  readonly keyGroups: number;
  readonly ownedGroups: readonly [number, number];
  readonly clock: Clock;
  readonly epochTime: number;
  readonly logger: Logger;
  readonly state: OperatorState;
  readonly counters: OperatorCounters;
  readonly guarded: boolean;
  readonly splits?: readonly string[];
  readonly deadLetter: (record: DeadRecord, cause: unknown) => void;
  readonly wake: () => void;
}

export function operatorContext(options: ContextOptions): OperatorContext {
  const { state, counters, ...rest } = options;
  return {
    ...rest,
    table: (name, codec) => state.table(name, codec),
    slots: (name, codec) => state.slots(name, codec),
    log: (name, id) => state.log(name, id),
    ranked: (name, id, order) => state.ranked(name, id, order),
    count(counter, n) {
      counters[counter] += n;
    },
    deadLetter(record, cause) {
      options.deadLetter(record, cause);
      counters.deadLetters++;
    },
  };
}

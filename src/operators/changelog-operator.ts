/** Rows with how they came about as a column. */
import { withOps } from '../batch/index.ts';
import type { Batch, Operator, Output, Step } from './operator.ts';

class ChangelogOperator implements Operator {
  process(batch: Batch, out: Output): Step {
    const { kinds: _, ...system } = batch.system;
    if (batch.length > 0) out.emit(withOps(batch, 'op').withSystem(system));
    return 'done';
  }
}

export function changelogOperator(): Operator {
  return new ChangelogOperator();
}

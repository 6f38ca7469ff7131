/** Global windows whose trigger cannot do what it is to do. The DSL asks where one is made, the planner again for the whole job. */
import { isTop, underWatermark } from './kinds.ts';
import type { AggregateNode } from './logical.ts';
import type { Refusal } from './retraction.ts';

/** Why this aggregation cannot be, if a trigger says what goes out of it; undefined: it can. */
export function refusedTrigger(node: AggregateNode): Refusal | undefined {
  const { input, trigger } = node;
  if (trigger === undefined) return undefined;
  const untimed = trigger.columns.find(({ column, isTime }) => isTime === true && underWatermark(input, column) === 'no');
  if (untimed !== undefined)
    return {
      reason: `its trigger waits for the watermark to pass '${untimed.column}', which is under none`,
      hint: 'call withWatermark() on it',
    };
  if (trigger.keeps !== true || !isTop(node)) return undefined;
  return {
    reason:
      'of a global window that keeps what goes out of it there are no first rows: after a purge some would have to be taken back',
    hint: 'let its trigger purge, or take the first rows of running groups: groupBy(…).top(…)',
  };
}

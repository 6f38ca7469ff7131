/** The root of a source's stage: passes on what the feed hands over. Its state is the positions of its splits. */
import type { Operator } from '../operators/index.ts';

export function sourceOperator(): Operator {
  return {
    process(batch, out) {
      out.emit(batch);
      return 'done';
    },
  };
}

/** Before rows come together to be counted, each subtask sends no more of them than there may be in all. */
import type { LogicalNode } from './logical.ts';
import { over, type Pass } from './rewrite.ts';

export class LocalLimits implements Pass {
  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const same = over(node, inputs);
    if (same.kind !== 'limit' || isElsewhere(same.input)) return same;
    const { input, rows, site, schema } = same;
    return { ...same, input: { kind: 'limit', local: true, input, rows, site, schema } };
  }
}

/** Several inputs would each need one, rebalanced rows are wanted as they are, and behind a limit few rows are left. */
const isElsewhere = ({ kind }: LogicalNode): boolean => kind === 'union' || kind === 'rebalance' || kind === 'limit';

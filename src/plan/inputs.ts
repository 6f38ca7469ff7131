import { invariant } from '../core/index.ts';
import type { LogicalNode } from './logical.ts';

/** What feeds a node, in order. */
export function inputsOf(node: LogicalNode): readonly LogicalNode[] {
  switch (node.kind) {
    case 'source':
      return [];
    case 'union':
    case 'join':
      return node.inputs;
    default:
      invariant(node.input !== undefined, `a ${node.kind} has an input`);
      return [node.input];
  }
}

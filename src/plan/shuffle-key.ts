/** By what the rows of an operator are spread over its subtasks: by which one of them has their state. */
import type { LogicalNode } from './logical.ts';
import type { Edge } from './physical.ts';

/** Null: by nothing. @param input of a join: which of its inputs */
export function shuffleKey(node: LogicalNode, input: number): Edge['key'] {
  switch (node.kind) {
    case 'aggregate':
    case 'dedup':
    case 'upserts':
      return { columns: node.keys };
    case 'reduce':
    case 'process':
      return node.key;
    case 'perEpoch':
      return node.key ?? { columns: [] };
    case 'join':
      return { columns: node.keys[input]! };
    default:
      return null;
  }
}

/** Its state belongs to keys, and moves with their groups. */
export const isKeyed = (node: LogicalNode): boolean => shuffleKey(node, 0) !== null;

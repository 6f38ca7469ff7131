/**
 * Nodes that mean the same become one node, so that a loop computes it once (EX4): whoever writes `c.name.lower()` twice makes two.
 *
 * A function of the user's is called as often as it stands there: it may give another value each time.
 */
import { typeId } from '../batch/index.ts';
import { childrenOf, type ExprNode, withChildren } from './node.ts';

/** The same trees, over common nodes. */
export function sharedNodes(roots: readonly ExprNode[]): ExprNode[] {
  const common = new Map<string, ExprNode>();
  const done = new Map<ExprNode, ExprNode>();
  const numbers = new Map<unknown, number>();
  const numberOf = (thing: unknown): number => {
    const number = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, number);
    return number;
  };
  const next = (node: ExprNode): ExprNode => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const made = withChildren(node, childrenOf(node).map(next));
    const key = made.kind === 'call' ? String(numberOf(made)) : keyOf(made, numberOf);
    const one = common.get(key) ?? made;
    common.set(key, one);
    done.set(node, one);
    return one;
  };
  return roots.map(next);
}

/** The same for nodes that mean the same; of nodes below, and of what is no plain value, the numbers. */
function keyOf(node: ExprNode, numberOf: (thing: unknown) => number): string {
  return JSON.stringify([node.kind, typeId(node.type), ...childrenOf(node).map(numberOf), ...ownOf(node, numberOf)]);
}

function ownOf(node: ExprNode, numberOf: (thing: unknown) => number): readonly unknown[] {
  switch (node.kind) {
    case 'column':
      return node.path;
    case 'literal':
      return [Object.is(node.value, -0) ? '-0' : String(node.value)];
    case 'constant':
      return [numberOf(node.value)];
    case 'apply':
      return [node.fn];
    case 'logic':
      return [node.op];
    default:
      return [];
  }
}

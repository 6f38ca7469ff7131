/**
 * An expression: a typed tree over the columns of a row, made once and never changed. Plain data but for functions of the user's.
 *
 * Owns: the nodes, and what can be asked of a tree without computing it. Does not own: which nodes are legal (build.ts), their
 * values (interpret.ts, compile.ts). Null is SQL's: a function of the registry is null where an argument is; what knows better
 * has a node of its own.
 * Invariants: EX1 the type of a node holds every value that it can have; EX2 a node that occurs twice means one value.
 */
import type { DataType, FieldType } from '../batch/index.ts';
import type { FunctionName } from './functions/index.ts';

export type Scalar = string | number | boolean | null;

export type ExprNode =
  | ColumnNode
  | LiteralNode
  | ConstantNode
  | NowNode
  | ApplyNode
  | CallNode
  | LogicNode
  | IsNullNode
  | OrElseNode
  | WhenNode;

/** A column, or a field of a struct column: `['bid', 'price']`. */
export interface ColumnNode {
  readonly kind: 'column';
  readonly path: readonly [string, ...string[]];
  readonly type: FieldType;
}
export interface LiteralNode {
  readonly kind: 'literal';
  readonly value: Scalar;
  readonly type: FieldType;
}
/** The time of the epoch: the same for all rows between two barriers, wherever they are, and for those that are read again. */
export interface NowNode {
  readonly kind: 'now';
  readonly type: FieldType;
}
/** What a function takes beside values: a pattern, a list. It has no column. */
export interface ConstantNode {
  readonly kind: 'constant';
  readonly value: unknown;
  /** For plans. */
  readonly text: string;
  readonly type: FieldType;
}
/** A function of the registry, which never sees null. */
export interface ApplyNode {
  readonly kind: 'apply';
  readonly fn: FunctionName;
  readonly args: readonly ExprNode[];
  readonly type: FieldType;
}
/** A function of the user's. It sees nulls, and may throw: the row is then set aside. */
export interface CallNode {
  readonly kind: 'call';
  readonly fn: (...args: never[]) => unknown;
  readonly args: readonly ExprNode[];
  readonly type: FieldType;
}
/** `false and null` is false, `true or null` is true; the right side is computed only where the left does not decide. */
export interface LogicNode {
  readonly kind: 'logic';
  readonly op: 'and' | 'or';
  readonly left: ExprNode;
  readonly right: ExprNode;
  readonly type: FieldType;
}
export interface IsNullNode {
  readonly kind: 'isNull';
  readonly of: ExprNode;
  readonly type: FieldType;
}
/** `of`, or `other` where that is null; `other` is computed only there. */
export interface OrElseNode {
  readonly kind: 'orElse';
  readonly of: ExprNode;
  readonly other: ExprNode;
  readonly type: FieldType;
}
/** The value of the first branch whose condition is true; only what is needed to know that is computed. */
export interface WhenNode {
  readonly kind: 'when';
  readonly branches: readonly { readonly condition: ExprNode; readonly value: ExprNode }[];
  readonly otherwise: ExprNode;
  readonly type: FieldType;
}

/** An expression under a name. */
export interface NamedExpr {
  readonly name: string;
  readonly expr: ExprNode;
}

export function childrenOf(node: ExprNode): readonly ExprNode[] {
  switch (node.kind) {
    case 'column':
    case 'literal':
    case 'constant':
    case 'now':
      return [];
    case 'apply':
    case 'call':
      return node.args;
    case 'logic':
      return [node.left, node.right];
    case 'isNull':
      return [node.of];
    case 'orElse':
      return [node.of, node.other];
    case 'when':
      return [...node.branches.flatMap(({ condition, value }) => [condition, value]), node.otherwise];
  }
}

/** Every node of these trees, each once. */
export function nodesOf(roots: Iterable<ExprNode>): Set<ExprNode> {
  const seen = new Set<ExprNode>();
  const left = [...roots];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    left.push(...childrenOf(node));
  }
  return seen;
}

/** The columns that these trees read. */
export function columnsRead(roots: Iterable<ExprNode>): ColumnNode[] {
  return [...nodesOf(roots)].filter((node) => node.kind === 'column');
}

/** Its value follows from the epoch, too. */
export const hasNow = (root: ExprNode): boolean => [...nodesOf([root])].some(({ kind }) => kind === 'now');

/** Whether its value may be another one of the same name: a column as it is. */
export function plainColumn(node: ExprNode): string | undefined {
  return node.kind === 'column' && node.path.length === 1 ? node.path[0] : undefined;
}

/** The column whose time it is that this stands for: a column as it is, or the window that such a one lies in. */
export function timedColumn(node: ExprNode): string | undefined {
  if (node.kind !== 'apply' || node.fn !== 'window') return plainColumn(node);
  const time = node.args[0]!;
  return time.kind === 'apply' && (time.fn === 'lastOf' || time.fn === 'isTime') ? plainColumn(time.args[0]!) : plainColumn(time);
}

/** The same tree with each column replaced by what `of` says; parts that stay the same are shared, and what was shared stays so (EX2). */
export function substitute(root: ExprNode, of: (column: ColumnNode) => ExprNode): ExprNode {
  const done = new Map<ExprNode, ExprNode>();
  const next = (node: ExprNode): ExprNode => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const made = node.kind === 'column' ? of(node) : withChildren(node, childrenOf(node).map(next));
    done.set(node, made);
    return made;
  };
  return next(root);
}

/** @param children in the order of `childrenOf` */
export function withChildren(node: ExprNode, children: readonly ExprNode[]): ExprNode {
  if (childrenOf(node).every((child, i) => child === children[i])) return node;
  switch (node.kind) {
    case 'column':
    case 'literal':
    case 'constant':
    case 'now':
      return node;
    case 'apply':
    case 'call':
      return { ...node, args: children };
    case 'logic':
      return { ...node, left: children[0]!, right: children[1]! };
    case 'isNull':
      return { ...node, of: children[0]! };
    case 'orElse':
      return { ...node, of: children[0]!, other: children[1]! };
    case 'when':
      return {
        ...node,
        branches: node.branches.map((_, i) => ({ condition: children[2 * i]!, value: children[2 * i + 1]! })),
        otherwise: children.at(-1)!,
      };
  }
}

/** Types that expressions tell apart. Integers are numbers, and event time is time. */
export type Family = 'number' | 'string' | 'boolean' | 'time' | 'any' | 'other';

export function familyOf({ kind }: DataType): Family {
  switch (kind) {
    case 'float64':
    case 'int64':
      return 'number';
    case 'string':
      return 'string';
    case 'bool':
      return 'boolean';
    case 'timestamp':
      return 'time';
    case 'any':
      return 'any';
    default:
      return 'other';
  }
}

/**
 * Conditions go down to the source where it can tell by itself that a row does not meet them: it then makes no row of the record.
 *
 * Owns: which conditions those are: comparisons of a column with a value, up to the first that is anything else, for that might refuse
 * a row, which must be seen. The projection keeps them all, so a source may let through what it likes.
 * Invariants: PL3 a row that a source leaves out is one that each projection behind it leaves out, before it asks a function of the user's.
 */
import type { ColumnNode, ExprNode, FunctionName } from '../expr/index.ts';
import type { LogicalNode, ProjectNode, RowCondition, RowFilter, SourceNode } from './logical.ts';
import { inputsOf } from './inputs.ts';
import { over, type Pass } from './rewrite.ts';

/** Of one source: each row is asked what all of them ask. */
const readersMax = 16;

export class FilterPushdown implements Pass {
  readonly #conditions = new Map<SourceNode, readonly RowFilter[]>();

  constructor(all: readonly LogicalNode[]) {
    for (const node of all)
      if (node.kind === 'source') this.#conditions.set(node, conditionsOf(all.filter((each) => inputsOf(each).includes(node))));
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    if (node.kind !== 'source') return over(node, inputs);
    const conditions = this.#conditions.get(node)!;
    const { source } = node;
    if (conditions.length === 0 || source.filter === undefined) return node;
    return { ...node, source: source.filter(conditions), conditions };
  }
}

/** What all rows meet that anybody sees: where several read them, what one of them asks for. */
function conditionsOf(consumers: readonly LogicalNode[]): readonly RowFilter[] {
  const anyOf = consumers.map((each) => (each.kind === 'project' ? leading(each) : []));
  if (anyOf.length === 0 || anyOf.length > readersMax || anyOf.some((all) => all.length === 0)) return [];
  return anyOf.length === 1 ? anyOf[0]! : [{ anyOf }];
}

function leading({ predicate }: ProjectNode): readonly RowCondition[] {
  const conditions: RowCondition[] = [];
  for (const each of predicate === undefined ? [] : conjuncts(predicate)) {
    const condition = conditionOf(each);
    if (condition === undefined) break;
    conditions.push(condition);
  }
  return conditions;
}

/** In the order in which they are asked. `x ?? false` is what fused conditions are. */
function conjuncts(node: ExprNode): readonly ExprNode[] {
  if (node.kind === 'logic' && node.op === 'and') return [...conjuncts(node.left), ...conjuncts(node.right)];
  const isSure = node.kind === 'orElse' && node.other.kind === 'literal' && node.other.value === false;
  return isSure ? conjuncts(node.of) : [node];
}

const mirrored: Partial<Record<FunctionName, RowCondition['is']>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  lte: 'gte',
  gt: 'lt',
  gte: 'lte',
};
const straight: Partial<Record<FunctionName, RowCondition['is']>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'lt',
  lte: 'lte',
  gt: 'gt',
  gte: 'gte',
};

function conditionOf(node: ExprNode): RowCondition | undefined {
  if (isColumn(node)) return node.type.type.kind === 'bool' ? { column: node.path[0], is: 'eq', value: true } : undefined;
  if (node.kind !== 'apply') return undefined;
  const [a, b] = node.args;
  if (node.fn === 'not' && isColumn(a!)) return { column: a.path[0], is: 'eq', value: false };
  const is = isColumn(a!) ? straight[node.fn] : mirrored[node.fn];
  if (is === undefined) return undefined;
  const [column, literal] = isColumn(a!) ? [a, b!] : [b!, a!];
  const value = literal.kind === 'literal' ? literal.value : null;
  return isColumn(column) && value !== null ? { column: column.path[0], is, value } : undefined;
}

const isColumn = (node: ExprNode): node is ColumnNode => node.kind === 'column' && node.path.length === 1;

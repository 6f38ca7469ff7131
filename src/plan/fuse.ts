/** Neighbouring projections become one, which computes what both did in one loop. */
import {
  columnExpr,
  type ColumnNode,
  columnsRead,
  type ExprNode,
  literalExpr,
  logicExpr,
  type NamedExpr,
  orElseExpr,
  substitute,
} from '../expr/index.ts';
import type { LogicalNode, ProjectNode } from './logical.ts';
import { inputsOf } from './inputs.ts';
import { over, type Pass } from './rewrite.ts';

export class Fusing implements Pass {
  readonly #consumers = new Map<LogicalNode, number>();

  constructor(all: readonly LogicalNode[]) {
    for (const node of all) for (const input of inputsOf(node)) this.#consumers.set(input, (this.#consumers.get(input) ?? 0) + 1);
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const [input] = inputs;
    if (node.kind !== 'project' || input?.kind !== 'project') return over(node, inputs);
    // What several read, or somebody named or placed, stays an operator of its own.
    const isOwn =
      this.#consumers.get(node.input) !== 1 ||
      [node, input].some((each) => each.name !== undefined || each.parallelism !== undefined);
    return isOwn || hasNoSchema(node) || hasNoSchema(input) || readsIntoComputed(node, input)
      ? over(node, inputs)
      : fused(node, input);
  }
}

const hasNoSchema = ({ input, schema }: ProjectNode): boolean => input.schema.kind === 'any' || schema.kind === 'any';

/** A field of something that is no column, such as the result of a user's function. */
function readsIntoComputed({ predicate, columns = [] }: ProjectNode, { columns: inner }: ProjectNode): boolean {
  if (inner === undefined) return false;
  const roots = columns.map(({ expr }) => expr);
  const read = columnsRead(predicate === undefined ? roots : [predicate, ...roots]);
  return read.some(({ path }) => path.length > 1 && inner.find(({ name }) => name === path[0])?.expr.kind !== 'column');
}

function fused(outer: ProjectNode, inner: ProjectNode): ProjectNode {
  const through = (expr: ExprNode): ExprNode =>
    inner.columns === undefined ? expr : substitute(expr, (column) => throughColumn(column, inner.columns!));
  const conditions = [inner.predicate, outer.predicate === undefined ? undefined : through(outer.predicate)].filter(
    (each) => each !== undefined,
  );
  const columns =
    outer.columns === undefined ? inner.columns : outer.columns.map(({ name, expr }) => ({ name, expr: through(expr) }));
  return {
    kind: 'project',
    input: inner.input,
    site: outer.site,
    schema: outer.schema,
    ...(conditions.length === 0 ? {} : { predicate: conditions.reduce(both) }),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** A row that the first does not let through is not asked the second: null is no, where `and` would look on. */
function both(first: ExprNode, second: ExprNode): ExprNode {
  return logicExpr('and', first.type.nullable ? orElseExpr(first, literalExpr(false)) : first, second);
}

function throughColumn({ path, type }: ColumnNode, columns: readonly NamedExpr[]): ExprNode {
  const [first, ...rest] = path;
  const { expr } = columns.find(({ name }) => name === first)!;
  if (rest.length === 0) return expr;
  // A field of what was passed on (readsIntoComputed).
  return columnExpr([...(expr as ColumnNode).path, ...rest], type);
}

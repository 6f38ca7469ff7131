/** The column verbs as nodes: `select`, `withColumns`, `where`. */
import { type BatchSchema, batchSchema, type SchemaField } from '../batch/index.ts';
import { formatMs } from '../core/index.ts';
import { applyExpr, columnExpr, constantExpr, evaluate, type ExprNode, heldTo, type NamedExpr, nodesOf } from '../expr/index.ts';
import type { LogicalNode, ProjectNode, RowNode } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { columnOf } from './columns.ts';
import { exprsOf } from './expr-columns.ts';
import { windowOf } from './grouping.ts';
import { nodeOf } from './planned-expr.ts';
import { selectedSchema } from './result-schema.ts';
import { PlannedWindow } from './window-key.ts';

/** From columns to expressions: see stream.ts for its types. */
export type ColumnsFunction = (columns: never) => unknown;

export function selectedNames(input: LogicalNode, names: readonly string[], call: Call): ProjectNode {
  const schema = selectedSchema(input.schema, names, call);
  const columns = names.map((name) => ({ name, expr: columnExpr([name], columnOf(input.schema, name, call)) }));
  return { kind: 'project', input, columns, site: call.site, schema };
}

export function selectedBy(input: LogicalNode, fn: ColumnsFunction, call: Call): ProjectNode {
  return projected(input, namedExprs(fn, input.schema, call), call);
}

/** Columns of the same name are replaced where they stand; the others come last. */
export function withComputed(input: LogicalNode, fn: ColumnsFunction, call: Call): ProjectNode | RowNode {
  const { schema } = input;
  const added = namedExprs(fn, schema, call);
  if (schema.kind === 'any') return withProperties(input, added, call);
  const kept = schema.fields.filter((field) => added.every(({ name }) => name !== field.name));
  return projected(input, [...kept.map(columnOfField), ...added], call);
}

export function onlyWhere(input: LogicalNode, fn: ColumnsFunction, call: Call): ProjectNode {
  const predicate = exprsOf(fn, input.schema, call, (result) => {
    const node = heldTo('boolean', nodeOf(result), 'where()');
    return { result: node, nodes: [node] };
  });
  return { kind: 'project', input, predicate, site: call.site, schema: input.schema };
}

export const columnOfField = (field: SchemaField): NamedExpr => ({ name: field.name, expr: columnExpr([field.name], field) });

/** These columns of the input's rows. */
export function projected(input: LogicalNode, columns: readonly NamedExpr[], call: Call): ProjectNode {
  return {
    kind: 'project',
    input,
    columns,
    site: call.site,
    schema: batchSchema(columns.map(({ name, expr }) => ({ name, ...expr.type }))),
  };
}

function namedExprs(fn: ColumnsFunction, schema: BatchSchema, call: Call): readonly NamedExpr[] {
  return exprsOf(fn, schema, call, (result) => {
    if (typeof result !== 'object' || result === null || Array.isArray(result))
      throw refused(call, 'its function gives no named columns', 'as in (c) => ({ total: c.price.mul(c.count) })');
    const columns = Object.entries(result).map(([name, value]) => ({ name, expr: exprOf(name, value, schema, call) }));
    if (columns.length === 0) throw refused(call, 'it needs at least one column');
    return { result: columns, nodes: columns.map(({ expr }) => expr) };
  });
}

/** The window that a row lies in is a column like any other, if it lies in one. */
function exprOf(name: string, value: unknown, schema: BatchSchema, call: Call): ExprNode {
  if (!(value instanceof PlannedWindow)) return nodeOf(value);
  const { shape, time } = windowOf(name, value, schema, call);
  if (time === undefined || !('fixed' in shape) || shape.fixed.slideMs !== shape.fixed.sizeMs)
    throw refused(
      call,
      `column '${name}' would be several windows, or one that depends on other rows`,
      'tumbling windows can be columns; others group rows: groupBy(window(…))',
    );
  const { sizeMs, offsetMs, latenessMs = 0 } = shape.fixed;
  if (latenessMs > 0) throw refused(call, `column '${name}' is a window that no rows are gathered in: leave lateness out`);
  const at = time.type.type.kind === 'struct' ? applyExpr('lastOf', time) : time;
  return applyExpr('window', at, constantExpr({ sizeMs, offsetMs }, formatMs(sizeMs)));
}

/** Of rows without a schema nobody knows the other columns: each becomes a new object. */
function withProperties(input: LogicalNode, added: readonly NamedExpr[], call: Call): RowNode {
  if ([...nodesOf(added.map(({ expr }) => expr))].some(({ kind }) => kind === 'now'))
    throw refused(call, 'now() is for rows with a schema', 'give the source, or a map() before, a schema');
  const read = (row: object, [first, ...rest]: readonly [string, ...string[]]): unknown =>
    rest.reduce(propertyOf, propertyOf(row, first));
  const fn = (row: object): object => ({
    ...row,
    ...Object.fromEntries(added.map(({ name, expr }) => [name, evaluate(expr, ({ path }) => read(row, path), Number.NaN)])),
  });
  return { kind: 'map', input, fn, site: call.site, schema: input.schema };
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null;
}

/** The column verbs as nodes: `select`, `withColumns`, `where`. */
import { type BatchSchema, batchSchema, type SchemaField } from '../batch/index.ts';
import { columnExpr, columnsRead, evaluate, type ExprNode, heldTo, type NamedExpr } from '../expr/index.ts';
import type { LogicalNode, ProjectNode, RowNode } from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { columnOf } from './columns.ts';
import { exprsOf } from './expr-columns.ts';
import { nodeOf } from './planned-expr.ts';
import { selectedSchema } from './result-schema.ts';

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
    const columns = Object.entries(result).map(([name, value]) => ({ name, expr: nodeOf(value) }));
    if (columns.length === 0) throw refused(call, 'it needs at least one column');
    return { result: columns, nodes: columns.map(({ expr }) => expr) };
  });
}

/** Of rows without a schema nobody knows the other columns: each becomes a new object. */
function withProperties(input: LogicalNode, added: readonly NamedExpr[], call: Call): RowNode {
  const read = (row: object, [first, ...rest]: readonly [string, ...string[]]): unknown =>
    rest.reduce(propertyOf, propertyOf(row, first));
  const fn = (row: object): object => ({
    ...row,
    ...Object.fromEntries(added.map(({ name, expr }) => [name, evaluate(expr, ({ path }) => read(row, path))])),
  });
  return { kind: 'map', input, fn, site: call.site, schema: input.schema };
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null;
}

/** Columns for expressions beside those of the input, each once; a column that is only named is none of them. */
export class BesideColumns {
  readonly #schema: BatchSchema;
  readonly #added: NamedExpr[] = [];

  constructor(schema: BatchSchema) {
    this.#schema = schema;
  }

  /** @returns the name of the column that holds it. @param wanted what it is called if that is free */
  nameOf(expr: ExprNode, wanted: string): string {
    if (expr.kind === 'column' && expr.path.length === 1) return expr.path[0];
    const known = this.#added.find((added) => added.expr === expr);
    if (known !== undefined) return known.name;
    let name = wanted;
    while (this.#isTaken(name)) name += "'";
    this.#added.push({ name, expr });
    return name;
  }

  /** The input with these columns; itself if there are none. Of rows without a schema those alone, and what is read by name. */
  over(input: LogicalNode, names: readonly string[], call: Call): LogicalNode {
    if (this.#added.length === 0) return input;
    if (this.#schema.kind !== 'any')
      return { ...projected(input, [...this.#schema.fields.map(columnOfField), ...this.#added], call), beside: true };
    const named = names.filter((name) => this.#added.every((added) => added.name !== name));
    const columns = [...new Set(named)].map((name) => ({ name, expr: columnExpr([name], columnOf(this.#schema, name, call)) }));
    return { ...projected(input, [...columns, ...this.#added], call), beside: true };
  }

  #isTaken(name: string): boolean {
    const { kind } = this.#schema;
    const fields =
      this.#schema.kind === 'any'
        ? columnsRead(this.#added.map(({ expr }) => expr)).map(({ path }) => path[0])
        : this.#schema.fields.map((field) => field.name);
    return (kind !== 'any' || fields.length > 0) && (fields.includes(name) || this.#added.some((added) => added.name === name));
  }
}

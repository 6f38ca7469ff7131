/**
 * The same job with less to do: neighbouring projections become one, no column goes farther than somebody needs it, and rows are combined
 * before they are sent to an aggregation.
 *
 * Owns: what each node needs of its input. What a closure reads nobody can see: it needs all. An expression that nobody needs is not
 * computed, so a function of the user's inside one is not called. Ids and states of operators do not change by it (identity.ts).
 * Invariants: PL1 every row that reaches a sink, a closure or a state has the columns that it had; PL2 what a source reads is a part of its
 * schema, in that order.
 */
import { type BatchSchema, batchSchema, columnIndex } from '../batch/index.ts';
import { columnExpr, type ColumnNode, columnsRead, type ExprNode, logicExpr, type NamedExpr, substitute } from '../expr/index.ts';
import { combined } from './combine.ts';
import type { AggregateNode, LogicalJob, LogicalNode, ProjectNode, SinkNode, SourceNode } from './logical.ts';
import { inputsOf } from './resolve.ts';

/** Columns by name; null: all there are. */
type Needs = ReadonlySet<string> | null;

export function optimizeJob(job: LogicalJob): LogicalJob {
  return [Fusing, Pruning, Combining].reduce<LogicalJob>((shaped, Pass) => rewritten(shaped, (all) => new Pass(all)), job);
}

/** One pass: each node anew, after its inputs. */
interface Pass {
  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode;
}

/** @param passOf is given all nodes, inputs before what they feed */
function rewritten(job: LogicalJob, passOf: (all: readonly LogicalNode[]) => Pass): LogicalJob {
  const all = inOrder(job.outputs);
  const pass = passOf(all);
  const done = new Map<LogicalNode, LogicalNode>();
  for (const node of all)
    done.set(
      node,
      pass.rewrite(
        node,
        inputsOf(node).map((input) => done.get(input)!),
      ),
    );
  return { ...job, outputs: job.outputs.map((sink) => done.get(sink) as SinkNode) };
}

function inOrder(sinks: readonly LogicalNode[]): readonly LogicalNode[] {
  const seen = new Set<LogicalNode>();
  const visit = (node: LogicalNode): void => {
    if (seen.has(node)) return;
    for (const input of inputsOf(node)) visit(input);
    seen.add(node);
  };
  for (const sink of sinks) visit(sink);
  return [...seen];
}

/** The same node over these inputs; itself if they are its own. */
function over(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
  if (inputsOf(node).every((input, i) => input === inputs[i])) return node;
  return (node.kind === 'union' ? { ...node, inputs } : { ...node, input: inputs[0] }) as LogicalNode;
}

// ── combining

/** Puts a combiner before each aggregation that can have one. Late rows go out as they came, so whoever takes them has none. */
class Combining implements Pass {
  readonly #late: ReadonlySet<LogicalNode>;

  constructor(all: readonly LogicalNode[]) {
    this.#late = new Set(all.flatMap((node) => (node.kind === 'late' ? [node.input] : [])));
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const same = over(node, inputs);
    return same.kind === 'aggregate' && !this.#late.has(node) ? (combined(same) ?? same) : same;
  }
}

// ── fusing

class Fusing implements Pass {
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
  const roots = columns.map(({ expr }) => expr);
  const read = columnsRead(predicate === undefined ? roots : [predicate, ...roots]);
  return read.some(
    ({ path }) => path.length > 1 && inner?.find(({ name }) => name === path[0])?.expr.kind !== 'column' && inner !== undefined,
  );
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
    ...(conditions.length === 0 ? {} : { predicate: conditions.reduce((a, b) => logicExpr('and', a, b)) }),
    ...(columns === undefined ? {} : { columns }),
  };
}

function throughColumn({ path, type }: ColumnNode, columns: readonly NamedExpr[]): ExprNode {
  const [first, ...rest] = path;
  const { expr } = columns.find(({ name }) => name === first)!;
  if (rest.length === 0) return expr;
  // A field of what was passed on (readsIntoComputed).
  return columnExpr([...(expr as ColumnNode).path, ...rest], type);
}

// ── pruning

class Pruning implements Pass {
  readonly #needs = new Map<LogicalNode, Needs>();

  constructor(all: readonly LogicalNode[]) {
    for (const node of all.toReversed()) for (const [input, needs] of needsOf(node, this.#of(node))) this.#add(input, needs);
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const needs = this.#of(node);
    switch (node.kind) {
      case 'source':
        return this.#source(node, needs);
      case 'project':
        return this.#project(node, inputs, needs);
      case 'aggregate':
        return this.#aggregate(node, inputs[0]!);
      case 'late': {
        const input = inputs[0] as AggregateNode;
        return { ...node, input, schema: part(node.schema, input.input.schema) };
      }
      case 'watermark':
      case 'rebalance':
        return { ...(over(node, inputs) as typeof node), schema: part(node.schema, inputs[0]!.schema) };
      default:
        return over(node, inputs);
    }
  }

  #source(node: SourceNode, needs: Needs): SourceNode {
    const { source } = node;
    if (needs === null || source.schema.kind === 'any' || source.project === undefined) return node;
    const names = namesIn(source.schema, needs);
    if (names.length === source.schema.fields.length) return node;
    const projected = source.project(names.map((name) => [name]));
    return { ...node, source: projected, schema: projected.schema };
  }

  #project(node: ProjectNode, inputs: readonly LogicalNode[], needs: Needs): ProjectNode {
    const same = over(node, inputs) as ProjectNode;
    if (node.columns === undefined) return { ...same, schema: part(node.schema, inputs[0]!.schema) };
    if (needs === null || node.schema.kind === 'any') return same;
    const names = namesIn(node.schema, needs);
    return { ...same, columns: node.columns.filter(({ name }) => names.includes(name)), schema: only(node.schema, names) };
  }

  /** Only what it needs is sent to it. */
  #aggregate(node: AggregateNode, input: LogicalNode): AggregateNode {
    const { schema } = input;
    const needs = this.#of(node.input);
    if (needs === null || schema.kind === 'any') return { ...node, input };
    const names = namesIn(schema, needs);
    if (names.length === schema.fields.length) return { ...node, input };
    const columns = names.map((name) => ({ name, expr: columnExpr([name], schema.fields[columnIndex(schema, name)]!) }));
    return { ...node, input: { kind: 'project', input, columns, site: node.site, schema: only(schema, names) } };
  }

  #of(node: LogicalNode): Needs {
    const needs = this.#needs.get(node);
    return needs === undefined ? null : needs;
  }

  #add(node: LogicalNode, needs: Needs): void {
    const known = this.#needs.get(node);
    this.#needs.set(node, known === null || needs === null ? null : new Set([...(known ?? []), ...needs]));
  }
}

/** What a node needs of its inputs where this much of its own rows is needed. */
function needsOf(node: LogicalNode, own: Needs): readonly (readonly [LogicalNode, Needs])[] {
  switch (node.kind) {
    case 'source':
      return [];
    case 'project':
      return [[node.input, ofProjection(node, own)]];
    case 'watermark':
      return [[node.input, own === null ? null : new Set([...own, node.column])]];
    case 'rebalance':
      return [[node.input, own]];
    case 'late':
      // The rows are those of the aggregation's input; what the aggregation itself needs it says.
      return [[node.input.input, own]];
    case 'aggregate':
      return [[node.input, ofAggregation(node)]];
    default:
      return inputsOf(node).map((input) => [input, null] as const);
  }
}

function ofProjection({ predicate, columns }: ProjectNode, own: Needs): Needs {
  const condition = predicate === undefined ? [] : [predicate];
  const wanted = columns?.filter(({ name }) => own === null || own.has(name)).map(({ expr }) => expr);
  if (wanted === undefined && own === null) return null;
  const read = columnsRead([...condition, ...(wanted ?? [])]).map(({ path }) => path[0]);
  return new Set([...read, ...(wanted === undefined ? own! : [])]);
}

function ofAggregation({ keys, window, aggregates }: AggregateNode): Needs {
  const read = aggregates.flatMap(({ spec }) => [spec.column, spec.where]);
  return new Set([...keys, window?.column, ...read].filter((name) => name !== undefined));
}

/** Those of a schema's columns that are needed, in its order; one at least, or there would be no rows. */
function namesIn(schema: Extract<BatchSchema, { kind: 'columns' }>, needs: ReadonlySet<string>): readonly string[] {
  const names = schema.fields.map(({ name }) => name);
  const needed = names.filter((name) => needs.has(name));
  if (needed.length > 0) return needed;
  return [
    (
      schema.fields.find(({ type }) => type.kind === 'bool' || type.kind === 'float64' || type.kind === 'timestamp') ??
      schema.fields[0]!
    ).name,
  ];
}

function only(schema: Extract<BatchSchema, { kind: 'columns' }>, names: readonly string[]): BatchSchema {
  return batchSchema(schema.fields.filter(({ name }) => names.includes(name)));
}

/** What is left of a node's columns when its input has only these. */
function part(schema: BatchSchema, input: BatchSchema): BatchSchema {
  if (schema.kind === 'any' || input.kind === 'any' || schema.fields.length === input.fields.length) return schema;
  return only(
    schema,
    input.fields.map(({ name }) => name),
  );
}

/**
 * No column goes farther than somebody needs it: neither from a source, nor to an aggregation; nor does a field of a struct, from a source
 * to the first projection.
 *
 * Owns: what each node needs of its input. What a closure reads nobody can see: it needs all. An expression that nobody needs is not
 * computed, so a function of the user's inside one is not called.
 * Invariants: PL1 every row that reaches a sink, a closure or a state has the columns that it had; PL2 what a source reads is a part of its
 * schema, in that order.
 */
import {
  type BatchSchema,
  batchSchema,
  columnIndex,
  type ColumnPath,
  projectSchema,
  type SchemaField,
  schemaId,
} from '../batch/index.ts';
import { columnExpr, columnsRead } from '../expr/index.ts';
import type { LookupNode } from './call-nodes.ts';
import type { ChangesNode, UpsertsNode } from './change-nodes.ts';
import type { AggregateNode, CallSite, DedupNode, JoinNode, LateNode, LogicalNode, ProjectNode, SourceNode } from './logical.ts';
import { inputsOf } from './inputs.ts';
import { lateRowsOf } from './late-rows.ts';
import { keptColumns, sideNames } from './pair-columns.ts';
import { over, type Pass } from './rewrite.ts';

/** Columns, and fields in them; null: all there are. */
type Needs = readonly ColumnPath[] | null;
type Columns = Extract<BatchSchema, { kind: 'columns' }>;

export class Pruning implements Pass {
  readonly #needs = new Map<LogicalNode, Needs>();
  /** Who takes late rows of joins, and what is needed of them. */
  readonly #late: (readonly [LateNode, Needs])[] = [];

  constructor(all: readonly LogicalNode[]) {
    for (const node of all.toReversed()) {
      for (const [input, needs] of needsOf(node, this.#of(node))) this.#add(input, needs);
      if (node.kind === 'late' && node.input.kind === 'join') this.#late.push([node, this.#of(node)]);
    }
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const needs = this.#of(node);
    switch (node.kind) {
      case 'source':
        return this.#source(node, needs);
      case 'project':
        return this.#project(node, inputs, needs);
      case 'aggregate':
        return { ...node, input: this.#narrowed(node, inputs[0]!) };
      case 'join':
        return this.#join(node, inputs, needs);
      case 'lookup':
        return this.#lookup(node, inputs[0]!, needs);
      case 'dedup':
      case 'changes':
      case 'upserts': {
        const input = this.#narrowed(node, inputs[0]!);
        return { ...node, input, schema: part(node.schema, input.schema) };
      }
      case 'late': {
        const late = { ...node, input: inputs[0] as LateNode['input'] };
        return { ...late, schema: part(node.schema, lateRowsOf(late).schema) };
      }
      case 'watermark':
      case 'rebalance':
      case 'limit':
        return { ...(over(node, inputs) as typeof node), schema: part(node.schema, inputs[0]!.schema) };
      default:
        return over(node, inputs);
    }
  }

  #source(node: SourceNode, needs: Needs): SourceNode {
    const { source } = node;
    if (needs === null || source.schema.kind === 'any' || source.project === undefined) return node;
    const paths = namesIn(source.schema, needs).flatMap((name) => pathsIn(source.schema as Columns, name, needs));
    if (isSame(projectSchema(source.schema, paths), source.schema)) return node;
    const projected = source.project(paths);
    return { ...node, source: projected, schema: projected.schema };
  }

  #project(node: ProjectNode, inputs: readonly LogicalNode[], needs: Needs): ProjectNode {
    const same = over(node, inputs) as ProjectNode;
    if (node.columns === undefined) return { ...same, schema: part(node.schema, inputs[0]!.schema) };
    if (needs === null || node.schema.kind === 'any') return same;
    const names = namesIn(node.schema, needs);
    return { ...same, columns: node.columns.filter(({ name }) => names.includes(name)), schema: only(node.schema, names) };
  }

  /** Only what it needs is sent to a keyed operator, or compared. */
  #narrowed(node: AggregateNode | DedupNode | ChangesNode | UpsertsNode, input: LogicalNode): LogicalNode {
    const { schema } = input;
    const needs = this.#of(node.input);
    return needs === null || schema.kind === 'any' ? input : narrowed(input, schema, needs, node.site);
  }

  /** It keeps, and is sent, only what somebody needs of its rows. */
  #join(node: JoinNode, inputs: readonly LogicalNode[], needs: Needs): JoinNode {
    const { columns, schema } = node;
    if (columns === undefined || schema.kind === 'any') return over(node, inputs) as JoinNode;
    const names = needs === null ? columns.map(({ name }) => name) : namesIn(schema, needs);
    const kept = columns.filter(({ name }) => names.includes(name));
    const sides = inputs.map((input, side) => {
      const late = this.#late.filter(([{ input: join, side: of }]) => join === node && of === sideNames[side]);
      if (input.schema.kind === 'any' || late.some(([, all]) => all === null)) return input;
      const read = [...ofJoin({ ...node, columns: kept }, side), ...late.flatMap(([, some]) => some ?? [])];
      return narrowed(input, input.schema, read, node.site);
    });
    return { ...node, inputs: [sides[0]!, sides[1]!], columns: kept, schema: only(schema, names) };
  }

  #lookup(node: LookupNode, input: LogicalNode, needs: Needs): LookupNode {
    const { columns, schema, site } = node;
    if (columns === undefined || schema.kind === 'any' || input.schema.kind === 'any') return { ...node, input };
    const names = needs === null ? columns.map(({ name }) => name) : namesIn(schema, needs);
    const kept = columns.filter(({ name }) => names.includes(name));
    return {
      ...node,
      input: narrowed(input, input.schema, ofLookup({ ...node, columns: kept }), site),
      columns: kept,
      schema: only(schema, names),
    };
  }

  #of(node: LogicalNode): Needs {
    const needs = this.#needs.get(node);
    return needs === undefined ? null : needs;
  }

  #add(node: LogicalNode, needs: Needs): void {
    const known = this.#needs.get(node);
    this.#needs.set(node, known === null || needs === null ? null : [...(known ?? []), ...needs]);
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
      return [[node.input, own === null ? null : [...own, [node.column]]]];
    case 'rebalance':
    case 'limit':
      return [[node.input, own]];
    case 'dedup':
      return [[node.input, own === null ? null : [...own, ...ofDedup(node)]]];
    case 'changes':
      return [[node.input, own === null ? null : [...own, [node.op]]]];
    case 'upserts':
      return [[node.input, own === null ? null : [...own, ...ofUpserts(node)]]];
    case 'late':
      // The rows are mostly those of an input of the operator, which says itself what else it needs of it.
      return [[lateRowsOf(node), own]];
    case 'aggregate':
      return [[node.input, ofAggregation(node)]];
    case 'join': {
      const columns = node.columns?.filter(({ name }) => own === null || names(own).has(name));
      return node.inputs.map(
        (input, side) => [input, columns === undefined ? null : ofJoin({ ...node, columns }, side)] as const,
      );
    }
    case 'lookup': {
      const columns = node.columns?.filter(({ name }) => own === null || names(own).has(name));
      return [[node.input, columns === undefined ? null : ofLookup({ ...node, columns })]];
    }
    default:
      return inputsOf(node).map((input) => [input, null] as const);
  }
}

function ofProjection({ predicate, columns }: ProjectNode, own: Needs): Needs {
  const condition = predicate === undefined ? [] : [predicate];
  const wanted = columns?.filter(({ name }) => own === null || names(own).has(name)).map(({ expr }) => expr);
  if (wanted === undefined && own === null) return null;
  const read = columnsRead([...condition, ...(wanted ?? [])]).map(({ path }) => path);
  return [...read, ...(wanted === undefined ? own! : [])];
}

function ofDedup({ keys, remembered }: DedupNode): readonly ColumnPath[] {
  const time = 'column' in remembered ? remembered.column : undefined;
  return [...keys, ...(time === undefined ? [] : [time])].map((name) => [name]);
}

const ofUpserts = ({ keys, deleted }: UpsertsNode): readonly ColumnPath[] =>
  [...keys, ...(deleted === undefined ? [] : [deleted])].map((name) => [name]);

function ofAggregation({ keys, window, session, trigger, aggregates }: AggregateNode): Needs {
  const read = aggregates.flatMap(({ spec: { column, where, top } }) => [
    column,
    where,
    ...(top === undefined ? [] : [...top.by.map((each) => each.column), ...top.columns]),
  ]);
  const time = [window?.column, session?.column, typeof session?.gap === 'string' ? session.gap : undefined];
  const seen = trigger?.columns.map(({ column }) => column) ?? [];
  return [...keys, ...time, ...seen, ...read].filter((name) => name !== undefined).map((name) => [name]);
}

/** What a join needs of one of its inputs: what it gives, and by what it finds partners, and what it asks of them. */
function ofJoin(node: JoinNode, side: number): readonly ColumnPath[] {
  const { keys, bound } = node;
  const read = [...keys[side]!, ...(bound === undefined ? [] : [bound[sideNames[side]!]]), ...keptColumns(node, side)];
  return [...new Set(read)].map((name) => [name]);
}

/** What a lookup needs of its input: what it gives of it, and its keys. */
function ofLookup({ keys, columns = [] }: LookupNode): readonly ColumnPath[] {
  return [...new Set([...keys[0], ...columns.flatMap(({ left }) => left ?? [])])].map((name) => [name]);
}

const names = (needs: readonly ColumnPath[]): ReadonlySet<string> => new Set(needs.map(([name]) => name));

/** Those of a schema's columns that are needed, in its order; one at least, or there would be no rows. */
function namesIn(schema: Columns, needs: readonly ColumnPath[]): readonly string[] {
  const asked = names(needs);
  const needed = schema.fields.map(({ name }) => name).filter((name) => asked.has(name));
  if (needed.length > 0) return needed;
  const fixed = schema.fields.find(({ type }) => type.kind === 'bool' || type.kind === 'float64' || type.kind === 'timestamp');
  return [(fixed ?? schema.fields[0]!).name];
}

/** What is needed of a column: it, or fields in it. What lies in values without a schema is read with all of the value. */
function pathsIn(schema: Columns, name: string, needs: readonly ColumnPath[]): readonly ColumnPath[] {
  const field = schema.fields[columnIndex(schema, name)]!;
  const found = needs.filter(([first]) => first === name).map((path) => withinStructs(path, field));
  return found.length === 0 ? [[name]] : found;
}

function withinStructs([first, ...rest]: ColumnPath, field: SchemaField): ColumnPath {
  const [next] = rest;
  if (next === undefined || field.type.kind !== 'struct') return [first];
  const inner = field.type.fields.find(({ name }) => name === next)!;
  return [first, ...withinStructs(rest as unknown as ColumnPath, inner)];
}

const isSame = (a: BatchSchema, b: BatchSchema): boolean => schemaId(a) === schemaId(b);

/** The same rows with only the columns that are needed of them. */
function narrowed(input: LogicalNode, schema: Columns, needs: readonly ColumnPath[], site: CallSite): LogicalNode {
  const names = namesIn(schema, needs);
  if (names.length === schema.fields.length) return input;
  const columns = names.map((name) => ({ name, expr: columnExpr([name], schema.fields[columnIndex(schema, name)]!) }));
  return { kind: 'project', input, columns, site, schema: only(schema, names) };
}

function only(schema: Columns, names: readonly string[]): BatchSchema {
  return batchSchema(schema.fields.filter(({ name }) => names.includes(name)));
}

/** What is left of the columns of a node that passes on what its input has, when that has only these, and these fields in them. */
function part(schema: BatchSchema, input: BatchSchema): BatchSchema {
  if (schema.kind === 'any' || input.kind === 'any') return schema;
  return batchSchema(schema.fields.flatMap(({ name }) => input.fields.filter((field) => field.name === name)));
}

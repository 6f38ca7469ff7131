/**
 * Which aggregations are given combined rows, and what those are.
 *
 * Owns: the columns of parts. An aggregate can be combined if its parts, accumulated in any order, are what the rows would have been; its
 * column has to have a type, so that nothing is left to check where they are accumulated.
 */
import { type BatchSchema, batchSchema, type DataType, fieldOf, isWindow, type SchemaField } from '../batch/index.ts';
import { plainColumn } from '../expr/index.ts';
import { groupTime } from './group-time.ts';
import type { AggregateNode, AggregateSpec, CombineNode, LogicalNode, PartialColumn } from './logical.ts';
import { takesChanges } from './retraction.ts';
import { over, type Pass } from './rewrite.ts';

/** Puts a combiner before each aggregation that can have one. Late rows go out as they came, so whoever takes them has none. */
export class Combining implements Pass {
  readonly #late: ReadonlySet<LogicalNode>;

  constructor(all: readonly LogicalNode[]) {
    this.#late = new Set(all.flatMap((node) => (node.kind === 'late' ? [node.input] : [])));
  }

  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
    const same = over(node, inputs);
    return same.kind === 'aggregate' && !this.#late.has(node) && !takesChanges(same) ? (combined(same) ?? same) : same;
  }
}

const keyTypes: ReadonlySet<DataType['kind']> = new Set(['float64', 'int64', 'timestamp', 'string', 'bool']);
const numberTypes: ReadonlySet<DataType['kind']> = new Set(['float64', 'int64']);
const float64: DataType = { kind: 'float64' };
const timestamp: DataType = { kind: 'timestamp' };
const isTime = (type: DataType): boolean => type.kind === 'timestamp' || isWindow(type);

/** The same aggregation over combined rows; undefined where it takes them as they are. */
export function combined(node: AggregateNode): AggregateNode | undefined {
  const { keys, aggregates, site } = node;
  // Which session, or window of so many rows, a row belongs to follows from the rows before it, one by one; and a trigger sees each.
  if (node.session !== undefined || node.count !== undefined || node.trigger !== undefined) return undefined;
  const input = beneathSelection(node.input);
  const { schema } = input;
  // Of several inputs each would have to be combined, and rebalanced rows are wanted as they are.
  if (schema.kind === 'any' || input.kind === 'union' || input.kind === 'rebalance') return undefined;
  const time = groupTime(node);
  const hasTime = time !== undefined && !keys.includes(time.spec.column);
  const keyFields = keys.map((name) => fieldOf(schema, name)!);
  if (!keyFields.every(({ type }) => keyTypes.has(type.kind) || isWindow(type))) return undefined;
  if (time !== undefined && !isTime(fieldOf(schema, time.spec.column)!.type)) return undefined;
  const parts = aggregates.flatMap(({ spec }, i) => partOf(schema, spec, i) ?? []);
  if (parts.length < aggregates.length) return undefined;
  const timeField: readonly SchemaField[] = hasTime ? [{ name: time.spec.column, type: timestamp, nullable: false }] : [];
  const combine: CombineNode = {
    kind: 'combine',
    input,
    site,
    keys,
    hasTime,
    partials: parts.map(({ partial }) => partial),
    schema: batchSchema([...keyFields, ...timeField, ...parts.flatMap(({ fields }) => fields)]),
    ...(time === undefined ? {} : { time }),
  };
  return { ...node, input: combine, parts: combine.partials.map(({ names }) => names) };
}

/** A combiner takes only the columns that it needs: nobody need do so before. */
function beneathSelection(node: LogicalNode): LogicalNode {
  const isSelection =
    node.kind === 'project' &&
    node.predicate === undefined &&
    node.name === undefined &&
    node.parallelism === undefined &&
    node.columns?.every(({ name, expr }) => plainColumn(expr) === name) === true;
  return isSelection ? beneathSelection(node.input) : node;
}

interface Part {
  readonly partial: PartialColumn;
  readonly fields: readonly SchemaField[];
}

function partOf(schema: BatchSchema, { fn, column, where }: AggregateSpec, at: number): Part | undefined {
  const condition = where === undefined ? {} : { where };
  const made = (partial: Omit<PartialColumn, 'names'>, fields: readonly SchemaField[]): Part => ({
    partial: { ...partial, ...condition, names: fields.map(({ name }) => name) },
    fields,
  });
  if (fn === 'count') return made({ fn }, numbers(at, 'count'));
  const field = column === undefined ? undefined : fieldOf(schema, column);
  if (field === undefined || column === undefined) return undefined;
  const { kind } = field.type;
  if (fn === 'sum' || fn === 'avg')
    return numberTypes.has(kind) ? made({ fn: 'sum', column }, numbers(at, 'count', 'high', 'low')) : undefined;
  if ((fn !== 'min' && fn !== 'max') || !keyTypes.has(kind)) return undefined;
  return made({ fn, column }, [{ name: partName(at, fn), type: field.type, nullable: true }]);
}

const numbers = (at: number, ...parts: string[]): SchemaField[] =>
  parts.map((part) => ({ name: partName(at, part), type: float64, nullable: false }));

/** Beside keys and times of the user's, which nobody calls so. */
const partName = (at: number, part: string): string => `\u0000${at}.${part}`;

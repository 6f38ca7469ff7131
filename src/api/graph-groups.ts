/**
 * The one implementation of `Grouped`: keys and a window, waiting for aggregates.
 *
 * Owns: the columns of their own that expressions get, right before the aggregation.
 */
import { type ExprNode, exprText } from '../expr/index.ts';
import { type AggregateNode, type AggregateSpec, kindOf, type LogicalNode } from '../plan/index.ts';
import { aggregatePart, type AggregatePart } from './aggregates.ts';
import { BesideColumns } from './beside-columns.ts';
import { type Call, calling, refused } from './call.ts';
import { exprsOf } from './expr-columns.ts';
import type { GraphStream } from './graph-stream.ts';
import type { Grouping, GroupWindow } from './grouping.ts';
import { checkChanges } from './modes.ts';
import { aggregateSchema, topSchema } from './result-schema.ts';
import { type TopOptions, topSpec } from './top.ts';

type NamedPart = { readonly name: string; readonly part: AggregatePart };

export class GraphGroups {
  readonly #input: LogicalNode;
  readonly #grouping: Grouping;
  readonly #then: (node: AggregateNode) => GraphStream;

  constructor(input: LogicalNode, grouping: Grouping, then: (node: AggregateNode) => GraphStream) {
    this.#input = input;
    this.#grouping = grouping;
    this.#then = then;
  }

  agg(aggregates: unknown): GraphStream {
    const call = calling('agg()');
    if (typeof aggregates !== 'function') return this.#aggregated(partsOf(aggregates, call), call);
    const parts = exprsOf(aggregates, this.#input.schema, call, (result) => {
      const named = partsOf(result, call);
      const nodes = named.flatMap(({ part: { of, condition } }) => [of, condition]).filter((node) => node !== undefined);
      return { result: named, nodes };
    });
    return this.#aggregated(parts, call);
  }

  count(): GraphStream {
    return this.#aggregated([{ name: 'count', part: { spec: { fn: 'count' } } }], calling('count()'));
  }

  top(rows: number, options: TopOptions): GraphStream {
    const call = calling('top()');
    const { order } = this.#grouping;
    const spec = topSpec(this.#input.schema, rows, options, order, call);
    const beside = new BesideColumns(this.#input.schema);
    const grouping = this.#keysIn(beside);
    const input = beside.over(this.#input, [], call);
    const node: AggregateNode = {
      kind: 'aggregate',
      input,
      ...grouping,
      aggregates: [{ name: 'rank', spec: { fn: 'top', top: spec } }],
      site: call.site,
      schema: topSchema(input.schema, grouping, order, spec.columns, call),
    };
    if (node.session !== undefined && kindOf(node) === 'running')
      throw refused(call, 'sessions that no watermark closes have no first rows', 'call withWatermark() on their time');
    return this.#then(checkChanges(node, call));
  }

  /** The keys, and the time of the window, as columns. */
  #keysIn(beside: BesideColumns): Pick<AggregateNode, 'keys'> & GroupTimes {
    const { keys, window, order } = this.#grouping;
    const at = window === undefined ? -1 : order.indexOf(window.name);
    const time: GroupTimes = { ...(window === undefined ? {} : timeOf(window, beside)), ...(at < 0 ? {} : { windowAt: at }) };
    return { keys: keys.map(({ name, expr }) => beside.nameOf(expr, name)), ...time };
  }

  #aggregated(parts: readonly NamedPart[], call: Call): GraphStream {
    const { order } = this.#grouping;
    const beside = new BesideColumns(this.#input.schema);
    const { keys: keyColumns, ...time } = this.#keysIn(beside);
    const aggregates = parts.map(({ name, part }) => ({ name, spec: specOf(part, beside) }));
    const read = [
      ...keyColumns,
      time.window?.column,
      time.session?.column,
      typeof time.session?.gap === 'string' ? time.session.gap : undefined,
      ...(time.trigger?.columns.map(({ column }) => column) ?? []),
      ...aggregates.flatMap(({ spec }) => [spec.column, spec.where]),
    ];
    const input = beside.over(
      this.#input,
      read.filter((name) => name !== undefined),
      call,
    );
    const grouping = {
      keys: keyColumns,
      ...time,
      aggregates,
    };
    const schema = aggregateSchema(input.schema, grouping, order, call);
    return this.#then(checkChanges({ kind: 'aggregate', input, ...grouping, site: call.site, schema }, call));
  }
}

type GroupTimes = Pick<AggregateNode, 'window' | 'session' | 'count' | 'trigger' | 'windowAt'>;

function timeOf({ time, shape }: GroupWindow, beside: BesideColumns): GroupTimes {
  if ('count' in shape) return { count: shape.count };
  if ('trigger' in shape) {
    const columns = shape.trigger.columns.map(({ name, of, isTime = false }) => {
      const column = beside.nameOf(of as ExprNode, exprText(of as ExprNode));
      return { name, column, ...(isTime ? { isTime } : {}) };
    });
    return { trigger: { ...shape.trigger, columns } };
  }
  const column = beside.nameOf(time!, exprText(time!));
  if ('fixed' in shape) return { window: { column, ...shape.fixed } };
  const { gap } = shape;
  return { session: { column, gap: typeof gap === 'number' ? gap : beside.nameOf(gap, exprText(gap)) } };
}

function partsOf(aggregates: unknown, call: Call): readonly NamedPart[] {
  if (typeof aggregates !== 'object' || aggregates === null)
    throw refused(call, 'it takes named aggregates', "as in agg({ total: sum('price') })");
  const parts = Object.entries(aggregates).map(([name, aggregate]) => ({ name, part: aggregatePart(aggregate, name, call) }));
  if (parts.length === 0) throw refused(call, 'it needs at least one aggregate');
  return parts;
}

function specOf({ spec, of, condition }: AggregatePart, beside: BesideColumns): AggregateSpec {
  return {
    ...spec,
    ...(of === undefined ? {} : { column: beside.nameOf(of, exprText(of)) }),
    ...(condition === undefined ? {} : { where: beside.nameOf(condition, exprText(condition)) }),
  };
}

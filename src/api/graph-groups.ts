/**
 * The one implementation of `Grouped`: keys and a window, waiting for aggregates.
 *
 * Owns: the columns of their own that expressions get, right before the aggregation. Late rows are those of before.
 */
import { exprText } from '../expr/index.ts';
import type { AggregateNode, AggregateSpec, LateNode, LogicalNode, ProjectNode } from '../plan/index.ts';
import { aggregatePart, type AggregatePart } from './aggregates.ts';
import { BesideColumns } from './beside-columns.ts';
import { type Call, calling, refused } from './call.ts';
import { exprsOf } from './expr-columns.ts';
import type { GraphStream } from './graph-stream.ts';
import type { Grouping, GroupWindow } from './grouping.ts';
import { selectedNames } from './projections.ts';
import { aggregateSchema } from './result-schema.ts';

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

  #aggregated(parts: readonly NamedPart[], call: Call): GraphStream {
    const { keys, window, order } = this.#grouping;
    const beside = new BesideColumns(this.#input.schema);
    const keyColumns = keys.map(({ name, expr }) => beside.nameOf(expr, name));
    const time: GroupTimes = window === undefined ? {} : { ...timeOf(window, beside), windowAt: order.indexOf(window.name) };
    const aggregates = parts.map(({ name, part }) => ({ name, spec: specOf(part, beside) }));
    const read = [
      ...keyColumns,
      time.window?.column,
      time.session?.column,
      typeof time.session?.gap === 'string' ? time.session.gap : undefined,
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
    return this.#then({ kind: 'aggregate', input, ...grouping, site: call.site, schema });
  }
}

type GroupTimes = Pick<AggregateNode, 'window' | 'session' | 'windowAt'>;

function timeOf({ time, shape }: GroupWindow, beside: BesideColumns): GroupTimes {
  const column = beside.nameOf(time, exprText(time));
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

/** Rows of an aggregation that came too late, as they were before its expressions got columns. */
export function lateRows(aggregation: AggregateNode, call: Call): LateNode | ProjectNode {
  const { input } = aggregation;
  const late: LateNode = { kind: 'late', input: aggregation, site: call.site, schema: input.schema };
  const before = input.kind === 'project' && input.beside === true ? input.input.schema : undefined;
  if (before === undefined) return late;
  if (before.kind === 'any')
    throw refused(
      call,
      'rows without a schema are not kept beside the expressions of an aggregation',
      'give them one first: map((row) => row, Row)',
    );
  return selectedNames(
    late,
    before.fields.map(({ name }) => name),
    call,
  );
}

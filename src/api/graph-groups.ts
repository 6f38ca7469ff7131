/** The one implementation of `Grouped`: keys and a window, waiting for aggregates. */
import type { AggregateNode, AggregateSpec, LogicalNode, WindowSpec } from '../plan/index.ts';
import { aggregateSpec } from './aggregates.ts';
import { type Call, calling, refused } from './call.ts';
import type { GraphStream } from './graph-stream.ts';
import { aggregateSchema } from './result-schema.ts';

type NamedSpec = { readonly name: string; readonly spec: AggregateSpec };

export class GraphGroups {
  readonly #input: LogicalNode;
  readonly #keys: readonly string[];
  readonly #window: WindowSpec | undefined;
  readonly #then: (node: AggregateNode) => GraphStream;

  constructor(
    input: LogicalNode,
    keys: readonly string[],
    window: WindowSpec | undefined,
    then: (node: AggregateNode) => GraphStream,
  ) {
    this.#input = input;
    this.#keys = keys;
    this.#window = window;
    this.#then = then;
  }

  agg(aggregates: Readonly<Record<string, unknown>>): GraphStream {
    const call = calling('agg()');
    if (typeof aggregates !== 'object' || aggregates === null)
      throw refused(call, 'it takes named aggregates', "as in agg({ total: sum('price') })");
    const specs = Object.entries(aggregates).map(([name, aggregate]) => ({
      name,
      spec: aggregateSpec(aggregate, name, call),
    }));
    if (specs.length === 0) throw refused(call, 'it needs at least one aggregate');
    return this.#aggregated(specs, call);
  }

  count(): GraphStream {
    return this.#aggregated([{ name: 'count', spec: { fn: 'count' } }], calling('count()'));
  }

  #aggregated(aggregates: readonly NamedSpec[], call: Call): GraphStream {
    const grouping = { keys: this.#keys, ...(this.#window === undefined ? {} : { window: this.#window }), aggregates };
    const schema = aggregateSchema(this.#input.schema, grouping, call);
    return this.#then({ kind: 'aggregate', input: this.#input, ...grouping, site: call.site, schema });
  }
}

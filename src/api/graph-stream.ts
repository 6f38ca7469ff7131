/**
 * The one implementation of `Stream`: a node of the logical graph, and the verbs that put another on top.
 *
 * Owns: what each verb checks and the node it makes. Does not own: the verbs' types (stream.ts), what nodes mean (src/plan).
 * Invariants: GS1 a stream never changes; a verb shares the nodes below it.
 */
import { type Duration, WeirError } from '../core/index.ts';
import type { KeySelector, LogicalNode, OutputMode } from '../plan/index.ts';
import { callSite } from './call-site.ts';
import { called, calling, refused, requireFunction } from './call.ts';
import { keyColumn, requireTime } from './columns.ts';
import { sinkDefinition } from './connector-faces.ts';
import type { Sink } from './connector-types.ts';
import { GraphGroups } from './graph-groups.ts';
import { GraphKeyed } from './graph-keyed.ts';
import { keysBy, keysOf } from './grouping.ts';
import type { RunOptions } from './job.ts';
import { asOfJoin, joinOf, type JoinRequest } from './join.ts';
import type { Launcher } from './launcher.ts';
import type { Lookup } from './join-types.ts';
import { type LateBy, lateBy, lateRows } from './late-rows.ts';
import { lookupOf, type LookupRequest } from './lookup.ts';
import { type AsyncOptions, type AsyncRowFunction, mappedAsync } from './map-async.ts';
import { checkEvery, checkFinal, checkMode } from './modes.ts';
import { type Output, outputOf } from './output.ts';
import { type ColumnsFunction, onlyWhere, selectedBy, selectedNames, withComputed } from './projections.ts';
import { watermarkedSchema } from './result-schema.ts';
import { resultSchema } from './row-schema.ts';
import type { AnySchema } from './schema.ts';
import { changelogOf } from './changelog.ts';
import { changesOf, type ChangesOptions, upsertsOf, type UpsertsOptions } from './changes.ts';
import { firstOfEach, firstRows } from './row-selection.ts';
import type { AnyStream, Remember, Stream, ToOptions, WatermarkOptions } from './stream.ts';
import { streamRows } from './stream-rows.ts';
import { streamText } from './stream-text.ts';
import { now } from './planned-expr.ts';
import { PlannedTable } from './table.ts';
import { projectionTo, unionSchema } from './union-schema.ts';
import { alignedBy } from './watermark-alignment.ts';
import { type StrategyChoice, watermarkBy } from './watermark-strategy.ts';
import { naturalMs, positiveMs } from './window-key.ts';

type RowFunction = (row: never) => unknown;

export class GraphStream {
  readonly node: LogicalNode;
  readonly launcher: Launcher | undefined;
  /** The operator whose result this is: what `late()` belongs to. */
  readonly #lateBy: LateBy | undefined;

  constructor(node: LogicalNode, launcher?: Launcher, by: LateBy | undefined = lateBy(node)) {
    this.node = node;
    this.launcher = launcher;
    this.#lateBy = by;
  }

  map(fn: RowFunction, schema?: AnySchema): GraphStream {
    return this.#closure('map', fn, schema);
  }

  flatMap(fn: RowFunction, schema?: AnySchema): GraphStream {
    return this.#closure('flatMap', fn, schema);
  }

  mapAsync(fn: AsyncRowFunction, options: AsyncOptions = {}, schema?: AnySchema): GraphStream {
    const call = calling('mapAsync()');
    checkFinal(this.node, call);
    return this.#then(mappedAsync(this.node, fn, { options, schema }, call));
  }

  filter(fn: RowFunction): GraphStream {
    const call = calling('filter()');
    requireFunction(fn, call);
    return this.#then({ kind: 'filter', input: this.node, fn, site: call.site, schema: this.node.schema });
  }

  select(...columns: readonly [ColumnsFunction] | readonly string[]): GraphStream {
    const call = calling('select()');
    if (columns.length === 0) throw refused(call, 'it needs at least one column');
    const [fn] = columns;
    return this.#then(
      typeof fn === 'function' ? selectedBy(this.node, fn, call) : selectedNames(this.node, columns as readonly string[], call),
    );
  }

  withColumns(fn: ColumnsFunction): GraphStream {
    return this.#then(withComputed(this.node, fn, calling('withColumns()')));
  }

  where(fn: ColumnsFunction): GraphStream {
    return this.#then(onlyWhere(this.node, fn, calling('where()')));
  }

  withWatermark(column: string, delay: Duration | StrategyChoice, options: WatermarkOptions = {}): GraphStream {
    const call = calling(`withWatermark('${column}')`);
    const { node } = this;
    requireTime(node.schema, column, call);
    const progress = watermarkBy(delay, call);
    const idleAfterMs = positiveMs(options.idleAfter ?? '1 minute', `${called(call)} idleAfter`);
    return this.#then({
      kind: 'watermark',
      input: node,
      column,
      ...progress,
      idleAfterMs,
      ...alignedBy(options.align, call),
      site: call.site,
      schema: watermarkedSchema(node.schema, column),
    });
  }

  withProcessingTime(column: string): GraphStream {
    const call = calling(`withProcessingTime('${column}')`);
    const node = withComputed(this.node, () => ({ [column]: now() }), call);
    const schema = watermarkedSchema(node.schema, column);
    return this.#then({
      kind: 'watermark',
      input: node,
      column,
      delayMs: 0,
      idleAfterMs: 0,
      strategy: 'clock',
      site: call.site,
      schema,
    });
  }

  groupBy(...keys: readonly unknown[]): GraphGroups {
    const call = calling('groupBy()');
    const grouping =
      typeof keys[0] === 'function' ? keysBy(this.node.schema, keys[0], call) : keysOf(this.node.schema, keys, call);
    return new GraphGroups(this.node, grouping, (node) => this.#then(node));
  }

  keyBy(key: string | RowFunction): GraphKeyed {
    const call = calling('keyBy()');
    checkFinal(this.node, call);
    if (typeof key !== 'function') keyColumn(this.node.schema, key, call);
    const selector: KeySelector = typeof key === 'function' ? { fn: key, site: call.site } : { column: key };
    return new GraphKeyed(this.node, selector, (node) => this.#then(node));
  }

  dropDuplicates(columns: readonly string[] | '*', options: Partial<Remember> = {}): GraphStream {
    const call = calling('dropDuplicates()');
    checkFinal(this.node, call);
    return this.#then(firstOfEach(this.node, columns, options, call));
  }

  changelog(): GraphStream {
    return this.#then(changelogOf(this.node, calling('changelog()')));
  }

  asChanges(options: ChangesOptions<string>): GraphStream {
    const call = calling('asChanges()');
    checkFinal(this.node, call);
    return this.#then(changesOf(this.node, options, call));
  }

  asUpserts(options: UpsertsOptions<never, unknown>): GraphStream {
    const call = calling('asUpserts()');
    checkFinal(this.node, call);
    return this.#then(upsertsOf(this.node, options, call));
  }

  limit(rows: number): GraphStream {
    const call = calling('limit()');
    checkFinal(this.node, call);
    return this.#then(firstRows(this.node, rows, call));
  }

  union(...others: readonly AnyStream[]): GraphStream {
    const call = calling('union()');
    const nodes = [this.node, ...others.map((other) => streamNode(other))];
    const schema = unionSchema(
      nodes.map((node) => node.schema),
      call,
    );
    const inputs = nodes.map((input): LogicalNode => {
      const columns = projectionTo(schema, input.schema);
      return columns === undefined ? input : selectedNames(input, columns, call);
    });
    return this.#then({ kind: 'union', inputs, site: call.site, schema });
  }

  join(right: unknown, request: JoinRequest): GraphStream {
    const call = calling('join()');
    const isTable = right instanceof PlannedTable;
    const node = isTable ? right.node : streamNode(right as AnyStream);
    return this.#then(joinOf([this.node, node], isTable, request, call));
  }

  asOfJoin(right: AnyStream, request: JoinRequest): GraphStream {
    return this.#then(asOfJoin([this.node, streamNode(right)], request, calling('asOfJoin()')));
  }

  lookupJoin(lookup: Lookup<never, object>, request: LookupRequest): GraphStream {
    return this.#then(lookupOf(this.node, lookup, request, calling('lookupJoin()')));
  }

  /** Only of what may have late rows, as the types say; of a join by its side. */
  late(side?: unknown): GraphStream {
    return this.#then(lateRows(this.#lateBy, side, calling('late()')));
  }

  named(id: string): GraphStream {
    const call = calling('named()');
    if (!/^[A-Za-z0-9_.~:-]{1,200}$/.test(id))
      throw refused(call, `'${id}' is not an id`, 'an id has 1 to 200 letters, digits and _ . ~ : -');
    return this.#copied({ ...this.node, name: id });
  }

  parallelism(subtasks: number): GraphStream {
    const call = calling('parallelism()');
    if (!Number.isSafeInteger(subtasks) || subtasks < 1)
      throw refused(call, `${subtasks} is not a number of subtasks`, 'give a whole number from 1');
    return this.#copied({ ...this.node, parallelism: subtasks });
  }

  rebalance(): GraphStream {
    const node: LogicalNode = { kind: 'rebalance', input: this.node, site: callSite(), schema: this.node.schema };
    return new GraphStream(node, this.launcher, this.#lateBy);
  }

  to(sink: Sink<never>, options: ToOptions<OutputMode> = {}): Output {
    const call = calling('to()');
    const definition = sinkDefinition(sink, called(call));
    const { mode = 'append', every } = options;
    checkMode(this.node, mode, definition.modes, call);
    if (mode === 'append' && every !== undefined)
      throw refused(call, '`every` is for the modes update and complete: append writes a row once it is final');
    const everyMs = every === undefined ? 0 : naturalMs(every, `${called(call)} every`);
    checkEvery(this.node, mode, everyMs, call);
    return outputOf({
      kind: 'sink',
      input: this.node,
      sink: definition,
      mode,
      everyMs,
      site: call.site,
      schema: this.node.schema,
    });
  }

  rows(options: RunOptions & { readonly mode?: OutputMode } = {}): AsyncIterable<object> {
    const call = calling('rows()');
    const mode = options.mode ?? 'append';
    checkMode(this.node, mode, ['append', 'update', 'complete'], call);
    if (this.launcher === undefined)
      throw new WeirError('E_USAGE', `${called(call)}: this stream cannot start itself`, {
        hint: "make it with from() of 'weir'",
      });
    return streamRows(this.node, this.launcher, mode, options);
  }

  toString(): string {
    return streamText(this.node);
  }

  /** The same stream, ending in a changed copy of its node. */
  #copied(node: LogicalNode): GraphStream {
    return new GraphStream(node, this.launcher, lateBy(node) ?? this.#lateBy);
  }

  #closure(kind: 'map' | 'flatMap', fn: RowFunction, schema: AnySchema | undefined): GraphStream {
    const call = calling(`${kind}()`);
    requireFunction(fn, call);
    return this.#then({ kind, input: this.node, fn, site: call.site, ...resultSchema(schema) });
  }

  #then(node: LogicalNode): GraphStream {
    return new GraphStream(node, this.launcher);
  }
}

/** A stream that starts at a source, or at any other node; for connectors. `launcher` lets it run itself. */
export function streamOf<Row extends object>(node: LogicalNode, launcher?: Launcher): Stream<Row> {
  return new GraphStream(node, launcher) as unknown as Stream<Row>;
}

/** The same stream, and all that is made of it, able to run itself. */
export function launchable<Row extends object>(stream: Stream<Row>, launcher: Launcher): Stream<Row> {
  return streamOf(streamNode(stream), launcher);
}

export const isStream = (what: unknown): what is AnyStream<never> => what instanceof GraphStream;

/** The node that a stream ends in. @throws WeirError `E_PLAN` if it is no stream */
export function streamNode(stream: AnyStream): LogicalNode {
  if (stream instanceof GraphStream) return stream.node;
  throw new WeirError('E_PLAN', 'this is not a stream', {
    hint: 'streams are made by from(source) and by the verbs of a stream',
  });
}

/** What Node's console prints: the pipeline as text, rather than the object's insides. */
Object.defineProperty(GraphStream.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: GraphStream): string {
    return this.toString();
  },
});

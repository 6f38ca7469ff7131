/** Nodes and batches by hand, for the tests of operators. */
import {
  anySchema,
  type Batch,
  batchOf,
  batchSchema,
  type BatchSchema,
  type DataType,
  type SchemaField,
} from '../../src/batch/index.ts';
import type {
  AggregateNode,
  AggregateSpec,
  JoinNode,
  DedupNode,
  CountSpec,
  LogicalNode,
  PerEpochNode,
  ProcessNode,
  ReduceNode,
  Remembered,
  RowNode,
  SessionSpec,
  SourceNode,
  TriggerSpec,
  WatermarkNode,
  WindowSpec,
} from '../../src/plan/index.ts';
import type { FedItem, TestItem } from '../../src/testing/operator-run.ts';

export const field = (name: string, type: DataType, nullable = false): SchemaField => ({ name, type, nullable });
export const number: DataType = { kind: 'float64' };
export const text: DataType = { kind: 'string' };
export const time: DataType = { kind: 'timestamp' };
export const eventTime: DataType = { kind: 'timestamp', eventTime: true };
export const windowType: DataType = { kind: 'struct', fields: [field('start', time), field('end', time)] };
export const spanType: DataType = { kind: 'struct', fields: [field('first', number), field('last', number)] };
export const schemaOf = (...fields: SchemaField[]): BatchSchema => batchSchema(fields);

/** Key, time, value: what most tests read. */
export const events: BatchSchema = schemaOf(field('key', text), field('at', time, true), field('value', number, true));

export function sourceNode(schema: BatchSchema = events): SourceNode {
  return {
    kind: 'source',
    site: 'job.ts:1',
    schema,
    source: { type: 'source', name: 'test', guarantee: 'exactly-once', schema, identity: 'test', bounded: true },
  };
}
export function watermarkNode(delayMs: number, input: LogicalNode = sourceNode(), column = 'at'): WatermarkNode {
  return { kind: 'watermark', site: 'job.ts:2', schema: input.schema, input, column, delayMs, idleAfterMs: 0 };
}
export function rowNode(
  kind: RowNode['kind'],
  fn: (row: never) => unknown,
  schema: BatchSchema,
  more: Partial<RowNode> = {},
): RowNode {
  return { kind, fn, schema, site: 'job.ts:3', input: sourceNode(), ...more };
}

export interface AggregateOptions {
  readonly input?: LogicalNode;
  readonly keys?: readonly string[];
  readonly window?: WindowSpec;
  readonly session?: SessionSpec;
  readonly count?: CountSpec;
  readonly trigger?: TriggerSpec;
  readonly aggregates?: Readonly<Record<string, AggregateSpec & { readonly type?: DataType }>>;
}
/** An aggregation; counts by `key` unless said. */
export function aggregateNode(options: AggregateOptions = {}): AggregateNode {
  const input = options.input ?? watermarkNode(0);
  const keys = options.keys ?? ['key'];
  const specs = Object.entries(options.aggregates ?? { count: { fn: 'count' } });
  const columns = input.schema.kind === 'any' ? [] : input.schema.fields;
  const schema = schemaOf(
    ...((options.window ?? options.session) === undefined ? [] : [field('window', windowType)]),
    ...(options.count === undefined ? [] : [field('window', spanType)]),
    ...keys.map((key) => columns.find(({ name }) => name === key) ?? field(key, { kind: 'any' }, true)),
    ...specs.map(([name, spec]) => field(name, spec.type ?? number, spec.fn !== 'count')),
  );
  return {
    kind: 'aggregate',
    site: 'job.ts:4',
    schema,
    input,
    keys,
    aggregates: specs.map(([name, { type: _type, ...spec }]) => ({ name, spec })),
    ...(options.window === undefined ? {} : { window: options.window }),
    ...(options.session === undefined ? {} : { session: options.session }),
    ...(options.count === undefined ? {} : { count: options.count }),
    ...(options.trigger === undefined ? {} : { trigger: options.trigger }),
  };
}
/** What a trigger's functions are given here. */
export interface TriggerFace {
  readonly state: { readonly n: { get(): number | undefined; set(n: number): void; clear(): void } };
  readonly watermark: number;
  readonly now: number;
  setTimer(at: number): void;
  setProcessingTimer(at: number): void;
}
export interface TriggerFunctions {
  readonly onRow: (row: { at: number; value: number | null }, face: TriggerFace) => string;
  readonly onTimer?: (at: number, face: TriggerFace) => string;
  readonly onProcessingTimer?: (at: number, face: TriggerFace) => string;
}
/** A trigger by functions, with a number `n` as its state. */
export function triggerSpec({ onRow, onTimer, onProcessingTimer }: TriggerFunctions, keeps = false): TriggerSpec {
  return {
    text: 'of a test',
    ...(keeps ? { keeps } : {}),
    columns: [
      { name: 'at', column: 'at', isTime: true },
      { name: 'value', column: 'value' },
    ],
    state: { n: { kind: 'value', value: field('n', number) } },
    onRow: onRow as never,
    ...(onTimer === undefined ? {} : { onTimer: onTimer as never }),
    ...(onProcessingTimer === undefined ? {} : { onProcessingTimer: onProcessingTimer as never }),
  };
}
export const tumbling = (sizeMs: number, offsetMs = 0): WindowSpec => ({ column: 'at', sizeMs, slideMs: sizeMs, offsetMs });
export const sliding = (sizeMs: number, slideMs: number, offsetMs = 0): WindowSpec => ({
  column: 'at',
  sizeMs,
  slideMs,
  offsetMs,
});

export function reduceNode(fn: (a: never, b: never) => unknown, schema: BatchSchema = events): ReduceNode {
  return { kind: 'reduce', site: 'job.ts:5', schema, input: sourceNode(schema), key: { column: 'key' }, fn };
}
export function processNode(parts: Pick<ProcessNode, 'onRow' | 'schema'> & Partial<ProcessNode>): ProcessNode {
  return { kind: 'process', site: 'job.ts:6', input: watermarkNode(0), key: { column: 'key' }, state: {}, ...parts };
}

/** By `key` unless said. */
export function perEpochNode(parts: Pick<PerEpochNode, 'onEpoch' | 'schema'> & Partial<PerEpochNode>): PerEpochNode {
  return {
    kind: 'perEpoch',
    site: 'job.ts:6',
    input: sourceNode(),
    key: { column: 'key' },
    does: 'something',
    every: 1,
    ...parts,
  };
}

/** The same rows by other names, for the right side of a join. */
export const others: BatchSchema = schemaOf(field('other', text, true), field('seen', time, true), field('n', number));

/** A join of `events` and `others`, both under a watermark unless said; gives `key`, `at`, `other` and `seen`. */
export function joinNode(parts: Partial<JoinNode> = {}): JoinNode {
  const isHalf = parts.how === 'semi' || parts.how === 'anti';
  const columns = [
    { name: 'key', left: 'key' },
    { name: 'at', left: 'at' },
    ...(isHalf
      ? []
      : [
          { name: 'other', right: 'other' },
          { name: 'seen', right: 'seen' },
        ]),
  ];
  const fields = [field('key', text, true), field('at', time, true), field('other', text, true), field('seen', time, true)];
  return {
    kind: 'join',
    site: 'job.ts:7',
    inputs: [watermarkNode(10), watermarkNode(10, sourceNode(others), 'seen')],
    how: 'inner',
    keys: [['key'], ['other']],
    nullSafe: false,
    schema: schemaOf(...fields.slice(0, columns.length)),
    columns,
    ...parts,
  };
}

export interface OtherRow {
  readonly other: string | null;
  readonly seen: number | null;
  /** Its number among them, unless said. */
  readonly n?: number;
  readonly stamp?: number;
}
/** Rows of a join's right side. */
export function otherRows(...rows: readonly OtherRow[]): FedItem {
  const stamps = Float64Array.from(rows, ({ stamp }) => stamp ?? -Infinity);
  const batch = batchOf(
    others,
    rows.map(({ other, seen, n }, i) => ({ other, seen, n: n ?? i })),
    { stamps, advances: true, origin: { split: 'r', first: 0 } },
  );
  return { kind: 'rows', batch, advances: true, input: 1 };
}

export function dedupNode(keys: readonly string[], remembered: Remembered, delayMs = 0): DedupNode {
  return { kind: 'dedup', site: 'job.ts:7', schema: events, input: watermarkNode(delayMs), keys, remembered };
}

export interface EventRow {
  readonly key: string;
  readonly at: number | null;
  readonly value?: number | null;
  /** The row's stamp; -Infinity unless said. */
  readonly stamp?: number;
}
/** A batch of one split, its rows numbered from `first`. */
export function eventBatch(rows: readonly EventRow[], first = 0): Batch {
  const stamps = Float64Array.from(rows, ({ stamp }) => stamp ?? -Infinity);
  return batchOf(
    events,
    rows.map(({ key, at, value }) => ({ key, at, value: value ?? null })),
    { stamps, advances: true, origin: { split: 's', first } },
  );
}
export function rowsItem(rows: readonly EventRow[], first = 0): FedItem {
  return { kind: 'rows', batch: eventBatch(rows, first), advances: true };
}
export const watermark = (at: number): FedItem => ({ kind: 'watermark', watermark: at });
/** Wall time goes on. */
export const clock = (ms: number): FedItem => ({ kind: 'clock', ms });
export const barrier = (more: { due?: readonly number[]; last?: 'stop' | 'end' } = {}): TestItem => ({
  kind: 'barrier',
  ...more,
});
export const split = (name: string, state: 'pending' | 'active' | 'idle' | 'ended'): FedItem => ({
  kind: 'split',
  event: { split: name, state },
});
export const anyBatch = (rows: readonly object[]): Batch => batchOf(anySchema, rows, { origin: { split: 's', first: 0 } });

/** Logical graphs by hand: nodes as plain objects, without the DSL. */
import { batchSchema, type SchemaField } from '../../src/batch/index.ts';
import { columnExpr } from '../../src/expr/index.ts';
import {
  type AggregateNode,
  channelsOf,
  type DedupNode,
  type Guarantee,
  type JoinNode,
  type LateNode,
  type LimitNode,
  type LogicalJob,
  type LogicalNode,
  type OutputMode,
  type PerEpochNode,
  type PhysicalPlan,
  type ProcessNode,
  type ProjectNode,
  type RebalanceNode,
  type ReduceNode,
  type Remembered,
  type RowNode,
  type SinkNode,
  type SourceNode,
  type UnionNode,
  type SourceAlignment,
  type WatermarkNode,
} from '../../src/plan/index.ts';

export const rows = batchSchema([
  { name: 'ts', type: { kind: 'timestamp', eventTime: true }, nullable: false },
  { name: 'k', type: { kind: 'string' }, nullable: false },
  { name: 'v', type: { kind: 'float64' }, nullable: false },
]);
const fn = (row: unknown): unknown => row;
type More = { readonly name?: string; readonly parallelism?: number; readonly site?: string };
const base = { site: '', schema: rows };

export const source = (
  name = 'in',
  more: More & { guarantee?: Guarantee; bounded?: boolean; endless?: string } = {},
): SourceNode => {
  const { guarantee = 'exactly-once', bounded = true, endless, ...node } = more;
  return {
    kind: 'source',
    source: {
      type: 'source',
      name,
      guarantee,
      schema: rows,
      identity: `file ${name}`,
      bounded,
      ...(endless === undefined ? {} : { endless }),
    },
    ...base,
    ...node,
  };
};
export const map = (input: LogicalNode, more: More = {}): RowNode => ({ kind: 'map', input, fn, ...base, ...more });
export const filter = (input: LogicalNode, more: More = {}): RowNode => ({
  kind: 'filter',
  input,
  fn: () => true,
  ...base,
  ...more,
});
export const select = (input: LogicalNode, ...names: string[]): ProjectNode => ({
  kind: 'project',
  input,
  columns: names.map((name) => ({ name, expr: columnExpr([name], { type: { kind: 'any' }, nullable: true }) })),
  ...base,
});
export const union = (...inputs: LogicalNode[]): UnionNode => ({ kind: 'union', inputs, ...base });
export const rebalance = (input: LogicalNode): RebalanceNode => ({ kind: 'rebalance', input, ...base });
export const watermark = (
  input: LogicalNode,
  more: More & {
    delayMs?: number;
    idleAfterMs?: number;
    align?: SourceAlignment;
    strategy?: NonNullable<WatermarkNode['strategy']>;
  } = {},
): WatermarkNode => ({
  kind: 'watermark',
  input,
  column: 'ts',
  delayMs: 1000,
  idleAfterMs: 0,
  ...base,
  ...more,
});
const count = [{ name: 'n', spec: { fn: 'count' } }] as const;
export const aggregate = (input: LogicalNode, keys: readonly string[], more: More = {}): AggregateNode => ({
  kind: 'aggregate',
  input,
  keys,
  aggregates: count,
  site: '',
  schema: batchSchema([...keys, 'n'].map(field)),
  ...more,
});
const field = (name: string): SchemaField => ({ name, type: { kind: 'any' }, nullable: true });
export const windowed = (
  input: LogicalNode,
  keys: readonly string[],
  more: More & { sizeMs?: number; slideMs?: number; column?: string } = {},
): AggregateNode => {
  const { sizeMs = 60_000, slideMs = sizeMs, column = 'ts', ...node } = more;
  const schema = batchSchema(['window', ...keys, 'n'].map(field));
  return { ...aggregate(input, keys, node), window: { column, sizeMs, slideMs, offsetMs: 0 }, schema };
};
export const late = (input: AggregateNode): LateNode => ({ kind: 'late', input, ...base });
export const reduce = (input: LogicalNode, column = 'k', more: More = {}): ReduceNode => ({
  kind: 'reduce',
  input,
  key: { column },
  fn: (a: never) => a,
  ...base,
  ...more,
});
export const firsts = (input: LogicalNode, remembered: Remembered = { until: 'passed', column: 'ts' }): DedupNode => ({
  kind: 'dedup',
  input,
  keys: ['ts', 'k'],
  remembered,
  ...base,
});
export const perEpoch = (input: LogicalNode, more: More & Partial<Pick<PerEpochNode, 'key' | 'does'>> = {}): PerEpochNode => ({
  kind: 'perEpoch',
  input,
  does: 'batches',
  every: 1,
  onEpoch: () => ({ rows: [] }),
  ...base,
  ...more,
});
export const joined = (inputs: JoinNode['inputs'], more: Partial<JoinNode> = {}): JoinNode => ({
  kind: 'join',
  inputs,
  how: 'inner',
  keys: [['k'], ['k']],
  nullSafe: false,
  ...base,
  ...more,
});
export const limit = (input: LogicalNode, rows = 10, more: More = {}): LimitNode => ({
  kind: 'limit',
  input,
  rows,
  ...base,
  ...more,
});
export const keyed = (
  input: LogicalNode,
  more: More & Partial<Pick<ProcessNode, 'state' | 'onTimer' | 'key' | 'lateBy'>> = {},
): ProcessNode => ({
  kind: 'process',
  input,
  key: { column: 'k' },
  state: {},
  onRow: () => {},
  ...base,
  ...more,
});
export const sink = (
  input: LogicalNode,
  mode: OutputMode = 'append',
  more: More & {
    to?: string;
    single?: boolean;
    everyMs?: number;
    guarantee?: Guarantee;
    modes?: readonly OutputMode[];
    op?: string;
  } = {},
): SinkNode => {
  const {
    to = 'out',
    single = false,
    everyMs = 0,
    guarantee = 'exactly-once',
    modes = ['append', 'update', 'complete'],
    op,
    ...node
  } = more;
  return {
    kind: 'sink',
    input,
    sink: { type: 'sink', name: to, guarantee, modes, single, identity: `file ${to}`, ...(op === undefined ? {} : { op }) },
    mode,
    everyMs,
    ...base,
    ...node,
  };
};

export function job(outputs: readonly SinkNode[], more: Partial<LogicalJob> = {}): LogicalJob {
  return {
    name: 'test',
    outputs,
    parallelism: 2,
    checkpointEveryMs: 10_000,
    restart: { attempts: 10, withinMs: 600_000, backoffMs: 1000 },
    ...more,
  };
}

/**
 * The plan in a few words: stages as `0×2: source map`, edges as `0→1 hash upsert`, and where each output leads. Ids of
 * unnamed stateful operators lose their digest.
 */
export function shape(plan: PhysicalPlan): string[] {
  const brief = (id: string): string => id.replace(/~[0-9a-f]{10}/, '');
  return [
    ...plan.stages.map(
      ({ index, parallelism, operators }) => `${index}×${parallelism}: ${operators.map(({ id }) => brief(id)).join(' ')}`,
    ),
    ...plan.edges.map(({ from, to, kind, changelog }) => `${from}→${to} ${kind}${changelog === 'append' ? '' : ` ${changelog}`}`),
  ];
}

/** `stage.operator:port → target` of every output. */
export function routes(plan: PhysicalPlan): string[] {
  return plan.stages.flatMap((stage) =>
    stage.operators.flatMap((operator, i) =>
      operator.outputs.map(
        ({ port, to }) =>
          `${stage.index}.${i}:${port} → ${to.kind === 'edge' ? `edge ${to.edge}` : `${stage.index}.${to.index}`}`,
      ),
    ),
  );
}

export const channels = (plan: PhysicalPlan, edge: number): string[] =>
  channelsOf(plan, plan.edges[edge]!).map(({ from, to }) => `${from}→${to}`);

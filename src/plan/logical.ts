/**
 * What the user wrote: a graph of nodes, made by the DSL (src/api), read by the planner. Pure data but for the closures.
 *
 * Owns: the node types, and what the planner must know of sources and sinks. A node is immutable and is its own identity.
 */
import type { BatchSchema, ColumnPath, FieldType, SchemaField } from '../batch/index.ts';
import type { ExprNode, NamedExpr } from '../expr/index.ts';
import type { LookupNode, MapAsyncNode } from './call-nodes.ts';
import type { ChangelogNode, ChangesNode, UpsertsNode } from './change-nodes.ts';
import type { GroupTime } from './group-time.ts';
import type { JoinBound, JoinColumn, JoinType } from './join-shape.ts';
import type { PerEpochNode } from './per-epoch.ts';
import type { WatermarkNode } from './watermark-node.ts';
import type { CountSpec, SessionSpec, TriggerSpec, WindowSpec } from './window-spec.ts';

export type Guarantee = 'exactly-once' | 'at-least-once' | 'at-most-once';
export type OutputMode = 'append' | 'update' | 'complete';

/** The part of a source that plans need; the rest is in operators/source.ts. */
export interface SourceInfo {
  readonly type: 'source';
  /** As in plans and logs: `file out/x.jsonl`. */
  readonly name: string;
  readonly guarantee: Guarantee;
  readonly schema: BatchSchema;
  /** What makes it another source: part of the state fingerprint (`was / is`). */
  readonly identity: string;
  /** It ends by itself. */
  readonly bounded: boolean;
  /** Why there is no present end up to which a run could read (trigger `available-now`); absent: there is one, or it ends by itself. */
  readonly endless?: string;
  /** The same source that gives only these columns, and fields of them, in the order of its schema; absent: it gives all it has. */
  project?(columns: readonly ColumnPath[]): SourceInfo;
  /** The same source, which may leave out rows that do not meet all of these conditions; absent: it knows only whole rows. */
  filter?(conditions: readonly RowFilter[]): SourceInfo;
}

/** A row meets it if the column is not null, and compares so with the value, which is of its type. */
export interface RowCondition {
  readonly column: string;
  readonly is: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte';
  readonly value: string | number | boolean;
}
/** A condition; or several lists of them: a row meets it that meets all of one of the lists. */
export type RowFilter = RowCondition | { readonly anyOf: readonly (readonly RowCondition[])[] };

export interface SinkInfo {
  readonly type: 'sink';
  readonly name: string;
  readonly guarantee: Guarantee;
  readonly modes: readonly OutputMode[];
  /** `update`: it is given the rows that take back earlier ones, too (kind `delete`); absent: it never sees them. */
  readonly takesBack?: boolean;
  /** As `takesBack`, and of each row that has changed it is given the row as it was, too (kind `updateBefore`), before the one in its place. */
  readonly retracts?: boolean;
  /** It puts a column of this name behind those of a row: what happens to the row. So rows of a key have to come in their order. */
  readonly op?: string;
  /** One writer only: all rows come together in one subtask. */
  readonly single: boolean;
  readonly identity: string;
}

/** Where a closure was written, for errors: `examples/job.ts:12`; '' where unknown. */
export type CallSite = string;

export interface NodeBase {
  /** What `.named()` gave. */
  readonly name?: string;
  /** What `.parallelism()` gave. */
  readonly parallelism?: number;
  readonly site: CallSite;
  /** Of the rows that leave the node. */
  readonly schema: BatchSchema;
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly source: SourceInfo;
  /** What it was told that nobody needs other rows than those that meet these. */
  readonly conditions?: readonly RowFilter[];
}
/** `fn`: row → row (map), row → boolean (filter), row → iterable of rows (flatMap). */
export interface RowNode extends NodeBase {
  readonly kind: 'map' | 'filter' | 'flatMap';
  readonly input: LogicalNode;
  readonly fn: (row: never) => unknown;
  /** map, flatMap: checks a result (a Standard Schema that is not ours); its issues are an error of the row. */
  readonly validate?: (value: unknown) => unknown;
}
/** Only rows for which the predicate is true, and these columns of them: `select`, `withColumns`, `where`. */
export interface ProjectNode extends NodeBase {
  readonly kind: 'project';
  readonly input: LogicalNode;
  readonly predicate?: ExprNode;
  /** In the order of the schema; absent: all as they are. Of rows without a schema, by name only, a row of these properties. */
  readonly columns?: readonly NamedExpr[];
  /** It only gives the expressions of the aggregation behind it columns, beside those of its input. */
  readonly beside?: boolean;
}
export interface UnionNode extends NodeBase {
  readonly kind: 'union';
  readonly inputs: readonly LogicalNode[];
}
export interface RebalanceNode extends NodeBase {
  readonly kind: 'rebalance';
  readonly input: LogicalNode;
}

export interface AggregateSpec {
  /** `top` and `custom`: see operators/aggregates. */
  readonly fn:
    | 'count'
    | 'sum'
    | 'avg'
    | 'min'
    | 'max'
    | 'collect'
    | 'countDistinct'
    | 'approxCountDistinct'
    | 'first'
    | 'last'
    | 'top'
    | 'custom';
  /** Absent for count. */
  readonly column?: string;
  /** Only rows for which this column of booleans is true. */
  readonly where?: string;
  readonly custom?: CustomAggregate;
  readonly top?: TopSpec;
}
/** The first rows by these columns. It is the only aggregate of its aggregation, whose result has a row for each: its columns and its rank. */
export interface TopSpec {
  readonly rows: number;
  readonly by: readonly { readonly column: string; readonly order: 'asc' | 'desc' }[];
  /** Of the input, behind the keys of the result. */
  readonly columns: readonly string[];
}
export interface CustomAggregate {
  readonly state: SchemaField;
  readonly create: () => unknown;
  readonly accumulate: (acc: never, value: never) => unknown;
  readonly merge: (a: never, b: never) => unknown;
  readonly result: (acc: never) => unknown;
  /** Undoes `accumulate`; absent: it takes only final rows. */
  readonly retract?: (acc: never, value: never) => unknown;
}
/**
 * Keys, aggregates, in the order of the result's columns: the keys, among them the window (a session is one) if there is one, then the
 * aggregates. The schema says what window and keys are called there.
 */
export interface AggregateNode extends NodeBase {
  readonly kind: 'aggregate';
  readonly input: LogicalNode;
  /** No row comes too late for it: see keep-late.ts. */
  readonly takesLate?: boolean;
  /** Columns of the input. */
  readonly keys: readonly string[];
  readonly window?: WindowSpec;
  /** In place of a window. */
  readonly session?: SessionSpec;
  /** In place of a window: its column is `{ first, last }`, numbers of rows. */
  readonly count?: CountSpec;
  /** In place of a window: it is no column of the result. */
  readonly trigger?: TriggerSpec;
  /** The place of the window among the result's columns, where there is one (0). */
  readonly windowAt?: number;
  readonly aggregates: readonly { readonly name: string; readonly spec: AggregateSpec }[];
  /** Its input was combined: for each aggregate, the columns of its parts. */
  readonly parts?: readonly (readonly string[])[];
}
/** A part of an aggregate over some rows, as columns of these names: `count` 1, `sum` 3 (count, high, low), `min` and `max` 1. */
export interface PartialColumn {
  readonly fn: 'count' | 'sum' | 'min' | 'max';
  readonly column?: string;
  readonly where?: string;
  readonly names: readonly string[];
}
/** Combines rows before they are sent to an aggregation; only the planner makes it. */
export interface CombineNode extends NodeBase {
  readonly kind: 'combine';
  readonly input: LogicalNode;
  readonly keys: readonly string[];
  readonly time?: GroupTime;
  /** The time is a column of the result, behind the keys; otherwise it is one of them, or there is none. */
  readonly hasTime: boolean;
  readonly partials: readonly PartialColumn[];
}
/** Rows of two inputs, the left and the right, that belong together. */
export interface JoinNode extends NodeBase {
  readonly kind: 'join';
  readonly inputs: readonly [LogicalNode, LogicalNode];
  readonly how: JoinType;
  /** Of each side, in the same order: rows belong together whose values are equal. */
  readonly keys: readonly [readonly string[], readonly string[]];
  /** A null is equal to a null; otherwise to nothing. */
  readonly nullSafe: boolean;
  /** Absent: rows of any time. */
  readonly bound?: JoinBound;
  /** The right input is bounded, and read to its end before any left row is joined. */
  readonly table?: boolean;
  /**
   * The rows of both inputs may change, and so those of the result do: a row without a partner goes out with its epoch, and is taken back when one comes. `ttlMs`:
   * for so long is remembered what was given for a key, after the last row of it came; absent: for ever.
   */
  readonly regular?: { readonly ttlMs?: number };
  /** What is asked of two rows beside, over the columns of both (pair-columns.ts): they belong together only where it is true. Not of an as-of join. */
  readonly condition?: ExprNode;
  /** Each left row goes out once, with the latest right row that is in the bound. */
  readonly asOf?: boolean;
  /** Absent where rows have no schema: then all columns of both. */
  readonly columns?: readonly JoinColumn[];
}
/** Rows that came too late for an operator; see late-rows.ts. */
export interface LateNode extends NodeBase {
  readonly kind: 'late';
  readonly input: AggregateNode | JoinNode | DedupNode | ProcessNode;
  /** Of a join: whose rows. */
  readonly side?: 'left' | 'right';
}

/** A column, or a closure row → string | number | boolean | null or an array of those. */
export type KeySelector = { readonly column: string } | { readonly fn: (row: never) => unknown; readonly site: CallSite };

export interface ReduceNode extends NodeBase {
  readonly kind: 'reduce';
  readonly input: LogicalNode;
  readonly key: KeySelector;
  readonly fn: (a: never, b: never) => unknown;
}
export interface StateFold {
  /** Absent: the first that is added. */
  readonly create?: () => unknown;
  readonly add: (acc: never, value: never) => unknown;
  readonly result: (acc: never) => unknown;
}
export type StateDeclaration = {
  readonly value: SchemaField;
  /** A value is forgotten this long after it was written, in processing time, or in event time. */
  readonly ttlMs?: number;
  readonly ttlTime?: 'event';
  /** Makes a value of one of an earlier version of the job. */
  readonly migrate?: { readonly from: FieldType; readonly by: (before: never) => unknown };
  /** Of a value: what is added to it is folded into it. */
  readonly fold?: StateFold;
} & ({ readonly kind: 'value' | 'list' } | { readonly kind: 'map'; readonly key: SchemaField });
export interface ProcessNode extends NodeBase {
  readonly kind: 'process';
  readonly input: LogicalNode;
  readonly key: KeySelector;
  readonly state: Readonly<Record<string, StateDeclaration>>;
  readonly onRow: (row: never, context: never) => void;
  readonly onTimer?: (at: never, context: never) => void;
  readonly onProcessingTimer?: (at: never, context: never) => void;
  /** Where state is forgotten in event time: the columns that say when a row is, the latest of which counts. */
  readonly timeColumns?: readonly string[];
  /** Rows that are late by the latest of these times are left out; absent: none is. */
  readonly lateBy?: readonly string[];
  readonly validate?: (value: unknown) => unknown;
}
/**
 * How long a row's key is remembered: until the watermark has passed the time in `column`, which is one of the keys; for `ms` after the time
 * in `column` of its first row, or without one after that row came, by the clock; or for ever.
 */
export type Remembered =
  | { readonly until: 'passed'; readonly column: string }
  | { readonly until: 'expired'; readonly ms: number; readonly column?: string }
  | { readonly until: 'forever' };
/** The first row of each key. */
export interface DedupNode extends NodeBase {
  readonly kind: 'dedup';
  readonly input: LogicalNode;
  readonly keys: readonly string[];
  readonly remembered: Remembered;
}
/** The first `rows` rows of all. */
export interface LimitNode extends NodeBase {
  readonly kind: 'limit';
  readonly input: LogicalNode;
  readonly rows: number;
  /** Of each subtask, since it was started: it only spares the one behind it. Made by the planner. */
  readonly local?: boolean;
}
export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly input: LogicalNode;
  readonly sink: SinkInfo;
  readonly mode: OutputMode;
  /** `update`, `complete`: write at most this often; 0 = once per epoch. */
  readonly everyMs: number;
}

export type LogicalNode =
  | SourceNode
  | RowNode
  | ProjectNode
  | UnionNode
  | RebalanceNode
  | WatermarkNode
  | AggregateNode
  | CombineNode
  | LateNode
  | ReduceNode
  | ProcessNode
  | PerEpochNode
  | JoinNode
  | LookupNode
  | MapAsyncNode
  | DedupNode
  | LimitNode
  | ChangelogNode
  | ChangesNode
  | UpsertsNode
  | SinkNode;

/** How a result that changes goes out: as sinks ask for it, or (`retract`) with each row as it was before the row that comes in its place. */
export type EmissionMode = OutputMode | 'retract';
/** One way in which an aggregation's result is asked for: by what is below it. `port`: the output that carries it. */
export interface Emission {
  readonly port: string;
  readonly mode: EmissionMode;
  readonly everyMs: number;
}

/** A whole job, as the DSL's `pipeline()` gathers it. */
export interface LogicalJob {
  readonly name: string;
  readonly outputs: readonly SinkNode[];
  readonly parallelism: number;
  readonly checkpointEveryMs: number;
  readonly deadLetters?: SinkInfo;
  readonly restart: { readonly attempts: number; readonly withinMs: number; readonly backoffMs: number };
}

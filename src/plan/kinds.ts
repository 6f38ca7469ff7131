/**
 * What the rows of a node mean: the same judgement as the type `Kind` of a stream, made from the graph.
 *
 * Owns: the kind of a node, and whether one of its columns is under a watermark. Does not own: which modes a kind allows
 * (output-modes.ts). The DSL asks when a sink is attached, the planner again for the whole job.
 * Where rows have no schema the graph cannot see a column through a closure. Then a window is believed, if there is a
 * watermark above, since it closes by that; a bare column is not, since most are no times.
 */
import { columnIndex } from '../batch/index.ts';
import { timedColumn } from '../expr/index.ts';
import type { LookupNode, MapAsyncNode } from './call-nodes.ts';
import type { AggregateNode, JoinNode, LogicalNode, ProcessNode, ProjectNode, RowNode, UnionNode } from './logical.ts';
import { lateRowsOf } from './late-rows.ts';
import type { Kind } from './output-modes.ts';

/** From the least to the most restrictive: a union is what its most restrictive input is. */
const order: readonly Kind[] = [
  'counted',
  'rows',
  'triggered',
  'windowed',
  'session',
  'joined',
  'chained',
  'revised',
  'running',
  'changing',
];

const changingKinds: readonly Kind[] = ['revised', 'running', 'changing'];

/** Rows of this node may be replaced, or taken back: for ever, or for some time after their window has ended. */
export function isChanging(node: LogicalNode): boolean {
  const kinds = kindsOf(node);
  return changingKinds.some((kind) => kinds.has(kind));
}

export function kindOf(node: LogicalNode): Kind {
  const kinds = kindsOf(node);
  return order.findLast((kind) => kinds.has(kind)) ?? 'rows';
}

/** More than one where a union mixes them. */
export function kindsOf(node: LogicalNode): ReadonlySet<Kind> {
  switch (node.kind) {
    case 'source':
    case 'late':
    case 'process':
    case 'perEpoch':
    case 'changelog':
      return new Set(['rows']);
    case 'reduce':
      return new Set(['running']);
    case 'changes':
    case 'upserts':
      return new Set(['changing']);
    case 'join':
      if (node.regular !== undefined) return new Set(['changing']);
      return new Set([node.table === true && isOnce(kindOf(node.inputs[0])) ? 'rows' : 'joined']);
    case 'lookup':
      return new Set([isOnce(kindOf(node.input)) ? 'rows' : 'joined']);
    case 'aggregate':
      return new Set([aggregateKind(node)]);
    case 'dedup':
    case 'limit':
    case 'mapAsync':
      return new Set([...kindsOf(node.input)].map(finalKind));
    case 'union':
      return new Set(node.inputs.flatMap((input) => [...kindsOf(input)]));
    default:
      return kindsOf(node.input);
  }
}

/** They take only final rows of an aggregation, and give each once. */
const finalKind = (kind: Kind): Kind => (isOnce(kind) ? 'rows' : kind === 'running' || kind === 'changing' ? kind : 'chained');

/** Each row comes once, and is final then: as good as rows of a source. */
const isOnce = (kind: Kind): boolean => kind === 'rows' || kind === 'counted' || kind === 'triggered';

function aggregateKind(node: AggregateNode): Kind {
  const input = kindOf(node.input);
  if (input === 'running' || input === 'revised' || input === 'changing') return 'running';
  // A window that is full, or purged, goes out and is final.
  if (node.count !== undefined) return 'counted';
  if (node.trigger !== undefined) return node.trigger.keeps === true ? 'running' : 'triggered';
  if (!closes(node)) return 'running';
  if ((node.window?.latenessMs ?? 0) > 0) return 'revised';
  if (!isOnce(input)) return 'chained';
  if (node.session === undefined) return 'windowed';
  // How many rows of a session went out, and so would have to be taken back, nobody remembers.
  return isTop(node) ? 'chained' : 'session';
}

export const isTop = ({ aggregates }: AggregateNode): boolean => aggregates.some(({ spec }) => spec.fn === 'top');

/** A watermark will pass the time that one of the keys stands for; of sessions, their own. */
function closes({ input, window, session, keys }: AggregateNode): boolean {
  if (session !== undefined) return underWatermark(input, session.column) !== 'no';
  if (window !== undefined && underWatermark(input, window.column) !== 'no') return true;
  return keys.some((key) => underWatermark(input, key) === 'yes');
}

type Answer = 'yes' | 'no' | 'unseen';

/** Is this column of the node's rows a time under a watermark? `unseen`: it may be, but a closure made it. */
export function underWatermark(node: LogicalNode, column: string): Answer {
  switch (node.kind) {
    case 'watermark':
      return node.column === column ? 'yes' : underWatermark(node.input, column);
    case 'map':
    case 'flatMap':
    case 'process':
    case 'mapAsync':
      return madeByClosure(node, column);
    case 'project':
      return ofProjection(node, column);
    case 'aggregate':
      return ofAggregate(node, column);
    case 'late':
      return underWatermark(lateRowsOf(node), column);
    case 'union':
      return ofUnion(node, column);
    case 'join':
      return ofJoin(node, column);
    case 'lookup':
      return ofLookup(node, column);
    case 'source':
    case 'perEpoch':
    case 'changes':
    case 'upserts':
      // A row may be taken back long after its time.
      return 'no';
    case 'changelog':
      // A change may come long after the time of its row.
      return isChanging(node.input) ? 'no' : underWatermark(node.input, column);
    default:
      return underWatermark(node.input, column);
  }
}

/** A closure's column is under a watermark if its schema says so (`t.eventTime`) and there is one. */
function madeByClosure({ input, schema }: RowNode | ProcessNode | MapAsyncNode, column: string): Answer {
  if (!hasWatermark(input)) return 'no';
  if (schema.kind === 'any') return 'unseen';
  const type = schema.fields.find(({ name }) => name === column)?.type;
  return type?.kind === 'timestamp' && type.eventTime === true ? 'yes' : 'no';
}

/** A copy keeps it, under another name too, and so does the window that it lies in; what else is computed loses it. */
function ofProjection({ input, columns }: ProjectNode, column: string): Answer {
  if (columns === undefined) return underWatermark(input, column);
  const found = columns.find(({ name }) => name === column);
  const copied = found === undefined ? undefined : timedColumn(found.expr);
  return copied === undefined ? 'no' : underWatermark(input, copied);
}

function ofAggregate(node: AggregateNode, column: string): Answer {
  const { input, window, session, count, trigger, windowAt = 0, keys, schema } = node;
  // What a window holds by number, or until a trigger says so, may be of any time.
  if (count !== undefined || trigger !== undefined) return 'no';
  const time = window ?? session;
  const read = time === undefined ? keys : keys.toSpliced(windowAt, 0, time.column);
  const from = read[columnIndex(schema, column)];
  return from === undefined ? 'no' : underWatermark(input, from);
}

function ofUnion({ inputs }: UnionNode, column: string): Answer {
  const answers = inputs.map((input) => underWatermark(input, column));
  if (answers.includes('no')) return 'no';
  return answers.includes('unseen') ? 'unseen' : 'yes';
}

/** Times pass through a join as they are. Where rows have no schema a column may be of either side. */
function ofJoin({ inputs, columns, asOf, regular }: JoinNode, column: string): Answer {
  // A pair may come, or go, long after the times of its rows.
  if (regular !== undefined) return 'no';
  const found = columns?.find(({ name }) => name === column);
  if (columns !== undefined && found === undefined) return 'no';
  const { left, right } = found ?? { left: column, right: column };
  // A version may be as old as it likes.
  const answers = (asOf === true ? [left] : [left, right]).map((name, i) =>
    name === undefined ? 'no' : underWatermark(inputs[i]!, name),
  );
  return answers.find((answer) => answer === 'yes') ?? answers.find((answer) => answer === 'unseen') ?? 'no';
}

/** Nobody promises anything of what is found. */
function ofLookup({ input, columns }: LookupNode, column: string): Answer {
  const left = columns === undefined ? column : columns.find(({ name }) => name === column)?.left;
  return left === undefined ? 'no' : underWatermark(input, left);
}

/** The columns of a node's rows that are times under a watermark; of rows without a schema those that nobody has made anew. */
export function watermarkedColumns(node: LogicalNode): readonly string[] {
  const { schema } = node;
  const names = schema.kind === 'any' ? columnsOfWatermarks(node) : schema.fields.map(({ name }) => name);
  return names.filter((name) => underWatermark(node, name) === 'yes');
}

function columnsOfWatermarks(node: LogicalNode): readonly string[] {
  if (node.kind === 'source') return [];
  if ('inputs' in node) return node.inputs.flatMap(columnsOfWatermarks);
  return [...(node.kind === 'watermark' ? [node.column] : []), ...columnsOfWatermarks(node.input)];
}

export function hasWatermark(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'watermark':
      return true;
    case 'source':
    case 'perEpoch':
      return false;
    case 'union':
      return node.inputs.every(hasWatermark);
    case 'join':
      return node.table === true ? hasWatermark(node.inputs[0]) : node.inputs.some(hasWatermark);
    default:
      return hasWatermark(node.input);
  }
}

/**
 * Rows that change, and who can take them: an aggregation takes back what a row was before it takes what it is now.
 *
 * Owns: of which nodes changing rows can be had with the rows that they replace (*retracted*), and why an aggregation refuses them. The DSL asks where
 * one is made, the planner again for the whole job. Final rows are those that `append` would write (kinds.ts).
 */
import { hasNow } from '../expr/index.ts';
import { groupTime } from './group-time.ts';
import { isChanging, kindsOf } from './kinds.ts';
import type { ChangesNode, UpsertsNode } from './change-nodes.ts';
import type { AggregateNode, AggregateSpec, JoinNode, LogicalNode, ReduceNode, SinkNode } from './logical.ts';
import { inputsOf } from './inputs.ts';

/** Why not, and what to do. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

/** Takes each row of its input that changes as it was, and then as it is. */
export const takesChanges = (node: LogicalNode): boolean =>
  (node.kind === 'aggregate' || node.kind === 'changelog' || isRegular(node)) && inputsOf(node).some(isChanging);

/** A join whose rows change. */
export const isRegular = (node: LogicalNode): boolean => node.kind === 'join' && node.regular !== undefined;

/** Its rows change whoever asks for them: once per epoch those go out that are gone, and those that are new. */
export const givesChanges = (node: LogicalNode): boolean => isRegular(node) || node.kind === 'changes' || node.kind === 'upserts';

/** Is given rows as they were: it asks for that, it is told of every change, and all its rows can say it. */
export function isRetracted({ input, sink, mode, everyMs }: SinkNode): boolean {
  if (kindsOf(input).has('changing')) return true;
  return mode === 'update' && everyMs === 0 && sink.retracts === true && !originsOf(input).some(isSession);
}

/** A row of it may be taken back with no other in its place, where nothing is left of a group, or of a pair. */
export const mayVanish = (node: LogicalNode): boolean =>
  originsOf(node).some((origin) => givesChanges(origin) || takesChanges(origin));

/** Why the rows of this sink cannot be held back for a time; undefined: they can. */
export function refusedEvery({ input, mode, everyMs }: Pick<SinkNode, 'input' | 'mode' | 'everyMs'>): Refusal | undefined {
  if (mode !== 'update' || everyMs === 0) return undefined;
  if (originsOf(input).some(givesChanges))
    return {
      reason: 'rows that may be taken back are written once per epoch, not every so often',
      hint: 'leave `every` out, or aggregate them',
    };
  if (!originsOf(input).some(takesChanges)) return undefined;
  return {
    reason:
      'an aggregation of rows that change is written once per epoch: what has become of its groups meanwhile nobody remembers for longer',
    hint: 'leave `every` out, or use complete',
  };
}

/** Why this aggregation cannot be, if its input changes; undefined: it can. */
export function refusedChanges(node: AggregateNode): Refusal | undefined {
  const { input, session, count, trigger, aggregates } = node;
  if (!isChanging(input)) return undefined;
  if (session !== undefined) return onlyFinal(input, 'sessions take');
  if (count !== undefined) return onlyFinal(input, 'a window of so many rows takes');
  if (trigger !== undefined) return onlyFinal(input, 'a global window takes');
  if (groupTime(node)?.closes === true) return onlyFinal(input, 'a window that closes takes');
  const refusal = refusedRetraction(input);
  if (refusal !== undefined) return refusal;
  const stuck = aggregates.find(({ spec }) => !canRetract(spec));
  return stuck === undefined ? undefined : withoutRetraction(stuck.name, stuck.spec);
}

/** Why the rows of this node, if they change, cannot be had as they were; undefined: they can. */
export function refusedRetraction(node: LogicalNode): Refusal | undefined {
  if (!isChanging(node)) return undefined;
  if (originsOf(node).some((origin) => isSession(origin) && isChanging(origin)))
    return {
      reason: 'of sessions that no watermark closes nobody remembers what they were',
      hint: 'call withWatermark() on the time of the sessions',
    };
  if (!computesNow(node)) return undefined;
  return {
    reason: 'its input has now() in its columns, and a row that is taken back would not be what it was',
    hint: 'leave now() out of the columns in between',
  };
}

function onlyFinal(input: LogicalNode, who: string): Refusal {
  const kinds = kindsOf(input);
  if (kinds.has('changing'))
    return {
      reason: `the rows of its input may be taken back, and ${who} only final rows`,
      hint: 'use changelog() before',
    };
  if (kinds.has('running'))
    return {
      reason: `the rows of its input never become final, and ${who} only final rows`,
      hint: 'group the first aggregation by a window over a column with withWatermark()',
    };
  return {
    reason: `the rows of its input may be written again for late rows, and ${who} only final rows`,
    hint: 'leave lateness out of the first window',
  };
}

const ordered: ReadonlySet<AggregateSpec['fn']> = new Set(['first', 'last', 'approxCountDistinct']);
const canRetract = ({ fn, custom }: AggregateSpec): boolean =>
  fn === 'custom' ? custom!.retract !== undefined : !ordered.has(fn);

function withoutRetraction(name: string, { fn }: AggregateSpec): Refusal {
  const reason = `the rows of its input change, and '${name}' cannot take one back`;
  if (fn === 'custom') return { reason, hint: 'give the aggregate a `retract` function, which undoes `accumulate`' };
  if (fn === 'approxCountDistinct')
    return { reason: `${reason}: it does not know which values it has seen`, hint: 'use countDistinct' };
  return {
    reason: `${reason}: which row was ${fn} follows from arrival`,
    hint: 'use min, max or top over a column that says the order',
  };
}

/** Why rows that say what happens cannot be read as that; undefined: they can. */
export function refusedReading(input: LogicalNode): Refusal | undefined {
  if (!computesNow(input)) return undefined;
  return {
    reason: 'its input has now() in its columns, and a row that is taken back would not be what it was',
    hint: 'leave now() out of the columns before, and withProcessingTime()',
  };
}

type Origin = AggregateNode | ReduceNode | JoinNode | ChangesNode | UpsertsNode;
const isSession = (origin: Origin): boolean => origin.kind === 'aggregate' && origin.session !== undefined;

/** Whose rows these are, through verbs that keep no state. */
function originsOf(node: LogicalNode): readonly Origin[] {
  switch (node.kind) {
    case 'aggregate':
    case 'reduce':
    case 'join':
    case 'changes':
    case 'upserts':
      return [node];
    default:
  }
  return isStateless(node) ? inputsOf(node).flatMap(originsOf) : [];
}

function computesNow(node: LogicalNode): boolean {
  if (!isStateless(node) && node.kind !== 'watermark') return false;
  const exprs =
    node.kind === 'project'
      ? [...(node.predicate === undefined ? [] : [node.predicate]), ...(node.columns ?? []).map(({ expr }) => expr)]
      : [];
  return exprs.some(hasNow) || inputsOf(node).some(computesNow);
}

const isStateless = ({ kind }: LogicalNode): boolean =>
  kind === 'map' || kind === 'filter' || kind === 'flatMap' || kind === 'project' || kind === 'union' || kind === 'rebalance';

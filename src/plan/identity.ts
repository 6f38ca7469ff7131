/**
 * What an operator's state is found by after the job has changed, and what that state means.
 *
 * Owns: operator ids and state descriptors. The id of an unnamed stateful operator follows from its kind, its keys and the
 * stateful operators above it, never from stateless neighbours: inserting a `map` keeps all state. Its descriptor says the
 * rest (a window's size, a state's names); another descriptor under the same id is refused at restore, "was / is".
 * Invariants: N1 ids are unique within a job.
 */
import { createHash } from 'node:crypto';
import { type OperatorId, operatorId, WeirError } from '../core/index.ts';
import { type BatchSchema, type DataType, fieldOf, type FieldType } from '../batch/index.ts';
import { formatMs } from '../core/index.ts';
import { exprText, plainColumn } from '../expr/index.ts';
import { alignmentText } from './alignment.ts';
import type {
  AggregateNode,
  AggregateSpec,
  JoinNode,
  KeySelector,
  ProcessNode,
  ProjectNode,
  Remembered,
  StateDeclaration,
} from './logical.ts';
import { keptColumns, sideNames } from './pair-columns.ts';
import type { Resolved } from './resolve.ts';
import { takesChanges } from './retraction.ts';
import { shapeOf, type StateShape } from './state-shape.ts';
import type { TriggerSpec, WindowSpec } from './window-spec.ts';

export interface Identity {
  readonly id: OperatorId;
  readonly label: string;
  readonly state: string | null;
}

/**
 * Identities in the order of `operators` (inputs before what they feed).
 *
 * @param reserved ids of the job's own: id → what has it
 */
export function identify(
  operators: readonly Resolved[],
  reserved: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<Resolved, Identity> {
  const identities = new Map<Resolved, Identity>();
  const ancestors = new Map<Resolved, string>();
  const taken: Taken = { by: new Map(reserved), names: new Set(operators.flatMap(({ node }) => node.name ?? [])) };
  for (const operator of operators) {
    const above = operator.feeds
      .map((feed) => `${ancestors.get(feed.from)}${feed.late === true ? `/${feed.port}` : ''}`)
      .sort()
      .join('+');
    const state = stateOf(operator);
    const id = idOf(operator, state, above, taken);
    ancestors.set(operator, state === null ? above : id);
    identities.set(operator, { id, label: operator.node.name ?? labelOf(operator), state });
  }
  return identities;
}

interface Taken {
  /** Id → the place of the operator that has it. */
  readonly by: Map<string, string>;
  /** Names that were given: no unnamed operator takes one of them. */
  readonly names: ReadonlySet<string>;
}

function idOf(operator: Resolved, state: string | null, above: string, { by, names }: Taken): OperatorId {
  const { node } = operator;
  if (node.name !== undefined) {
    // A named node that runs once per output mode is stateless: the variants may share the name with a suffix.
    const other = by.get(node.name);
    if (other !== undefined && state !== null) throw collision(node.name, other, node.site);
    if (other === undefined) {
      by.set(node.name, node.site);
      return operatorId(node.name);
    }
  }
  const base =
    state === null ? (node.name ?? node.kind) : `${node.kind}~${digest([node.kind, ...keysOf(operator), above].join('|'))}`;
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? base : `${base}~${n}`;
    if (by.has(candidate) || names.has(candidate)) continue;
    by.set(candidate, node.site);
    return operatorId(candidate);
  }
}

function collision(name: string, first: string, second: string): WeirError {
  return new WeirError('E_PLAN', `N1: two operators are named '${name}': ${first || 'one'} and ${second || 'another'}`, {
    hint: 'the state of each is found by its name: give one of them another with .named()',
  });
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);

function labelOf({ node }: Resolved): string {
  switch (node.kind) {
    case 'source':
      return node.source.name;
    case 'sink':
      return node.sink.name;
    case 'aggregate':
      return timeText(node) ?? `aggregate by ${node.keys.join(', ') || 'nothing'}`;
    case 'project':
      return shortened(projectionText(node));
    case 'watermark':
      if (node.strategy !== undefined)
        return `watermark ${node.column}, ${typeof node.strategy === 'string' ? strategyTexts[node.strategy] : 'by a strategy'}${alignmentText(node)}`;
      return `watermark ${node.column} - ${formatMs(node.delayMs)}${alignmentText(node)}`;
    case 'join':
      return shortened(joinText(node));
    case 'lookup':
      return `${node.how} lookup on ${pairsText(node.keys)}`;
    case 'perEpoch':
      return node.does;
    case 'dedup':
      return shortened(`first of ${node.keys.join(', ')}`);
    case 'limit':
      return `limit ${node.rows}`;
    case 'changes':
      return `changes by ${node.op}`;
    case 'upserts':
      return shortened(`last of ${node.keys.join(', ')}`);
    default:
      return node.kind;
  }
}

const strategyTexts = { manual: 'as the source says', clock: 'by the clock' } as const;

/** `where (price > 1) select auction, dollars = (price * 0.9)` */
export function projectionText({ predicate, columns }: ProjectNode): string {
  const condition = predicate === undefined ? [] : [`where ${exprText(predicate)}`];
  const named = columns?.map(({ name, expr }) => (plainColumn(expr) === name ? name : `${name} = ${exprText(expr)}`));
  return [...condition, ...(named === undefined ? [] : [`select ${named.join(', ')}`])].join(' ');
}

const shortened = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text);

function keysOf({ node }: Resolved): readonly string[] {
  switch (node.kind) {
    case 'aggregate':
    case 'dedup':
    case 'upserts':
      return node.keys;
    case 'changes':
      return [node.op];
    case 'reduce':
    case 'process':
      return [selectorText(node.key)];
    case 'perEpoch':
      return [node.does, ...(node.key === undefined ? [] : [selectorText(node.key)])];
    case 'watermark':
      return [node.column];
    case 'join':
      return node.keys.flat();
    default:
      return [];
  }
}

/** With what the state of a process function begins, in words. */
export const keyText = ({ key }: ProcessNode): string => `key ${selectorText(key)}; `;

export function selectorText(key: KeySelector): string {
  return 'column' in key ? key.column : 'a function';
}

/** What the state means, in words that a person can compare; null where there is none. */
function stateOf({ node }: Resolved): string | null {
  switch (node.kind) {
    case 'source':
      return `positions in ${node.source.identity}`;
    case 'watermark':
      return `latest ${node.column}`;
    case 'aggregate':
      return aggregationText(node);
    case 'reduce':
      return `reduced rows by ${selectorText(node.key)}`;
    case 'process':
      return `${keyText(node)}${
        Object.entries(node.state)
          .map(([name, declared]) => `${name}: ${stateText(declared)}`)
          .join(', ') || 'no state'
      }`;
    case 'join':
      return `${joinText(node)}; ${keptText(node)}`;
    case 'perEpoch':
      return `${node.does}, ${node.key === undefined ? 'of all rows' : `by ${selectorText(node.key)}`}`;
    case 'dedup':
      return `first of ${node.keys.join(', ')}; remembered ${rememberedText(node.remembered)}`;
    case 'limit':
      return node.local === true ? null : 'number of rows so far';
    case 'changes':
      return `watermark before changes by ${node.op}`;
    case 'upserts':
      return `last of ${node.keys.join(', ')}: ${columnsText(node.schema)}`;
    case 'mapAsync':
      return `rows under way: ${columnsText(node.input.schema)}`;
    case 'sink':
      return `staged results of ${node.sink.identity}, mode ${node.mode}`;
    default:
      return null;
  }
}

/** How long values are kept may change. */
const stateText = (declared: StateDeclaration): string => shapeText(shapeOf(declared));

export function shapeText({ kind, key, value, timed, inEventTime = false }: StateShape): string {
  const prefix = key !== undefined ? `map of ${fieldText(key)} to ` : kind === 'list' ? 'items of ' : '';
  return `${prefix}${fieldText(value)}${timed ? ` for a time${inEventTime ? ' of rows' : ''}` : ''}`;
}

function rememberedText(remembered: Remembered): string {
  switch (remembered.until) {
    case 'passed':
      return `until the watermark passes ${remembered.column}`;
    case 'expired':
      return `for ${formatMs(remembered.ms)} after ${remembered.column ?? 'it came'}`;
    case 'forever':
      return 'for ever';
  }
}

function aggregationText(node: AggregateNode): string {
  const time = timeText(node);
  const aggregates = node.aggregates.map(({ name, spec }) => `${name} = ${aggregateText(spec)}`).join(', ');
  const changing = takesChanges(node) ? '; of rows that change' : '';
  return `${time === undefined ? '' : `${time}; `}keys ${node.keys.join(', ') || 'none'}; ${aggregates}${changing}`;
}

/** `id = other, region` */
const pairsText = ([left, right]: JoinNode['keys']): string =>
  left.map((name, i) => (name === right[i] ? name : `${name} = ${right[i]}`)).join(', ');

/** `left join on id = other, nulls equal, seen - at in 0 ms to 1 hour, where (left.price > right.limit)`, `left as-of join on id, latest seen up to at` */
function joinText({ how, keys, nullSafe, bound, table, asOf, regular, condition }: JoinNode): string {
  const on = pairsText(keys) || 'nothing';
  if (asOf === true) {
    const age = bound!.lowMs === -Infinity ? '' : `, not older than ${formatMs(-bound!.lowMs)}`;
    return `${how} as-of join on ${on}${nullSafe ? ', nulls equal' : ''}, latest ${bound!.right} up to ${bound!.left}${age}`;
  }
  const isRange = bound !== undefined && (bound.lowMs !== 0 || bound.highMs !== 0);
  const within = isRange ? `, ${bound.right} - ${bound.left} in ${formatMs(bound.lowMs)} to ${formatMs(bound.highMs)}` : '';
  const where = condition === undefined ? '' : `, where ${exprText(condition)}`;
  return `${how} join${table === true ? ' with a table' : regular === undefined ? '' : ' of rows that change'} on ${on}${nullSafe ? ', nulls equal' : ''}${within}${where}`;
}

/** The columns of each side that are kept, which are those that somebody needs. */
function keptText(node: JoinNode): string {
  return sideNames
    .map((side, i) => {
      return `${side}: ${columnsText(node.inputs[i]!.schema, node.columns === undefined ? undefined : keptColumns(node, i))}`;
    })
    .join('; ');
}

/** @param names absent: all */
function columnsText(schema: BatchSchema, names?: readonly string[]): string {
  if (schema.kind === 'any') return 'whole rows';
  const fields = names === undefined ? schema.fields : names.map((name) => fieldOf(schema, name)!);
  return fields.map((field) => `${field.name} ${fieldText(field)}`).join(', ') || 'nothing';
}

function aggregateText({ fn, column = '', where, top }: AggregateSpec): string {
  if (top !== undefined)
    return `place among the first ${top.rows} by ${top.by.map((each) => `${each.column} ${each.order}`).join(', ')}`;
  return `${fn}(${column})${where === undefined ? '' : ` where ${where}`}`;
}

/** `window 1 minute over at`, `session gap 30 seconds over at` */
function timeText({ window, session, count, trigger }: AggregateNode): string | undefined {
  if (trigger !== undefined) return `global window${triggerText(trigger)}`;
  if (count !== undefined) return `window of ${count.size} rows${count.slide === count.size ? '' : ` sliding by ${count.slide}`}`;
  if (session !== undefined)
    return `session gap ${typeof session.gap === 'number' ? formatMs(session.gap) : session.gap} over ${session.column}`;
  return window === undefined ? undefined : `window ${windowText(window)}`;
}

/** `, 100 rows or 10 seconds on the clock`, and what the trigger keeps of a key. */
function triggerText({ text, keeps, state }: TriggerSpec): string {
  const kept = Object.entries(state).map(([name, declared]) => `${name}: ${stateText(declared)}`);
  return `, ${text}${keeps === true ? ', kept' : ''}${kept.length === 0 ? '' : ` (${kept.join(', ')})`}`;
}

function windowText({ column, sizeMs, slideMs, offsetMs, latenessMs = 0, cumulative = false }: WindowSpec): string {
  return `${formatMs(sizeMs)}${slideMs === sizeMs ? '' : ` ${cumulative ? 'growing' : 'sliding'} by ${formatMs(slideMs)}`}${offsetMs === 0 ? '' : ` offset ${formatMs(offsetMs)}`}${latenessMs === 0 ? '' : ` late by up to ${formatMs(latenessMs)}`} over ${column}`;
}

function fieldText(field: FieldType): string {
  return `${typeText(field.type)}${field.nullable ? ' or null' : ''}`;
}

export function typeText(type: DataType): string {
  switch (type.kind) {
    case 'list':
      return `list of ${typeText(type.of.type)}`;
    case 'struct':
      return `{ ${type.fields.map((field) => `${field.name}: ${fieldText(field)}`).join(', ')} }`;
    default:
      return type.kind;
  }
}

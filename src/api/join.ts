/**
 * `join()`: two streams, or a stream and a table, and `asOfJoin()`, as a node.
 *
 * Owns: what a join asks of its sides, in the words of join-types.ts, and the columns that it gives.
 */
import { anySchema, type BatchSchema, batchSchema, type FieldType, fieldOf, isWindow } from '../batch/index.ts';
import { durationMs, type Duration } from '../core/index.ts';
import {
  hasWatermark,
  type JoinBound,
  type JoinColumn,
  type JoinNode,
  type JoinType,
  type LogicalNode,
  typeText,
  underWatermark,
} from '../plan/index.ts';
import { type ExprNode, hasNow } from '../expr/index.ts';
import { type Call, called, refused } from './call.ts';
import { pairCondition } from './expr-columns.ts';
import { columnOf, keyColumn, requireWindowTime } from './columns.ts';
import { checkFinal, checkRetracted } from './modes.ts';
import { nearestName } from './nearest.ts';
import { naturalMs, positiveMs } from './window-key.ts';

/** As `join()` is given them. */
export interface JoinRequest {
  readonly on: string | readonly string[] | Readonly<Record<string, string>>;
  readonly how?: JoinType;
  readonly within?: readonly [Duration, Duration];
  readonly times?: readonly [string, string];
  readonly nullSafe?: boolean;
  readonly where?: unknown;
  readonly ttl?: Duration | 'forever';
  /** Of `asOfJoin()` only. */
  readonly tolerance?: Duration;
}
type Sides = readonly [LogicalNode, LogicalNode];
type Columned = readonly [Pick<LogicalNode, 'schema'>, Pick<LogicalNode, 'schema'>];

const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];
const tableTypes: readonly JoinType[] = ['inner', 'left', 'semi', 'anti'];
const versionTypes: readonly JoinType[] = ['inner', 'left'];

const changingHint =
  "join two streams, rather than a stream and a table(), with `ttl: 'forever'`, or as long as rows are to be remembered: joined rows then change as theirs do";

/** @throws WeirError `E_PLAN` with the reason */
export function joinOf(sides: Sides, isTable: boolean, request: JoinRequest, call: Call): JoinNode {
  const regular = regularOf(sides, isTable, request, call);
  if (regular === undefined) for (const side of sides) checkFinal(side, call, changingHint);
  if (request.tolerance !== undefined)
    throw refused(call, '`tolerance` is how old the version of an asOfJoin() may be', 'say `within` for a join of two streams');
  const how = typeOf(request.how ?? 'inner', isTable, call);
  const keys = keysOf(sides, request.on, call);
  if (isTable && request.within !== undefined)
    throw refused(call, '`within` is for joins of two streams: the rows of a table have no time');
  const isOfTimes = !isTable && regular === undefined;
  if (isOfTimes) checkWatermarks(sides, how, call);
  const bound = isOfTimes ? boundOf(sides, keys, request, call) : undefined;
  if (isOfTimes && bound === undefined && how !== 'inner' && how !== 'semi')
    throw refused(
      call,
      '✗ An outer join emits an unmatched row when no partner can come any more: bound the times with `within`, or join on equal windows.',
    );
  const condition = request.where === undefined ? undefined : conditionOf(sides, request.where, call);
  const result = columnsOf(sides, how, mergedKeys(keys), call);
  return {
    kind: 'join',
    inputs: sides,
    how,
    keys,
    nullSafe: request.nullSafe ?? false,
    ...(bound === undefined ? {} : { bound }),
    ...(condition === undefined ? {} : { condition }),
    ...(isTable ? { table: true } : {}),
    ...(regular === undefined ? {} : { regular }),
    site: call.site,
    ...result,
  };
}

/** What is asked of the rows of both sides beside their keys and times. */
function conditionOf(sides: Columned, where: unknown, call: Call): ExprNode {
  const condition = pairCondition(
    where,
    sides.map(({ schema }) => schema),
    'where',
    call,
  );
  if (!hasNow(condition)) return condition;
  throw refused(
    call,
    'now() is no part of `where`: whether two rows belong together does not follow from when they come',
    'compare times of the rows, or use where() behind the join',
  );
}

/** A join whose rows change says how long it remembers them. */
function regularOf(sides: Sides, isTable: boolean, { ttl, within, times }: JoinRequest, call: Call): JoinNode['regular'] {
  if (ttl === undefined) return undefined;
  if (isTable) throw refused(call, '`ttl` is for joins of two streams: the rows of a table are kept');
  if (within !== undefined || times !== undefined)
    throw refused(call, '`within` is for rows that are final, and `ttl` for those that may change: give one of them');
  for (const side of sides) checkRetracted(side, call);
  return ttl === 'forever' ? {} : { ttlMs: positiveMs(ttl, `${called(call)} ttl`) };
}

/**
 * Each left row with the version of its key: the right row that held at its time.
 *
 * @throws WeirError `E_PLAN` with the reason
 */
export function asOfJoin(sides: Sides, request: JoinRequest, call: Call): JoinNode {
  for (const side of sides) checkFinal(side, call);
  const { on, how = 'inner', nullSafe = false } = request;
  if (!versionTypes.includes(how))
    throw refused(
      call,
      `it gives left rows, each with one version, so it cannot be '${how}'`,
      `there are ${versionTypes.join(', ')}`,
    );
  if (request.within !== undefined)
    throw refused(
      call,
      '`within` is for joins of two streams: a left row meets the latest version',
      'how old it may be says `tolerance`',
    );
  if (request.where !== undefined)
    throw refused(
      call,
      '`where` is for join(): of the versions of a key the latest holds, whatever is asked of it',
      'choose among the versions with where() before, or among the results behind',
    );
  for (const side of [0, 1] as const)
    if (!hasWatermark(sides[side]))
      throw refused(call, `✗ an as-of join needs a watermark on the ${sideName[side]} stream: call withWatermark() on it`);
  const keys = keysOf(sides, on, call);
  const result = columnsOf([sides[0], { ...sides[1], schema: timeless(sides[1].schema) }], how, mergedKeys(keys), call);
  const bound = versionBound(sides, request, call);
  return { kind: 'join', asOf: true, inputs: sides, how, keys, nullSafe, bound, site: call.site, ...result };
}

function versionBound(sides: Sides, { times, tolerance }: JoinRequest, call: Call): JoinBound {
  const [left, right] = sides.map((side, i) => {
    const column = timeOfSide(side, i, times?.[i], 'a version holds from its time on', call);
    if (underWatermark(side, column) !== 'no') return column;
    throw refused(
      call,
      `'${column}' of the ${sideName[i]} stream is not under a watermark: call withWatermark('${column}', …) on it`,
    );
  });
  const lowMs = tolerance === undefined ? -Infinity : 0 - naturalMs(tolerance, `${called(call)} tolerance`);
  return { left: left!, right: right!, lowMs, highMs: 0 };
}

/** The times of versions, which may be long past, are under no watermark behind the join. */
function timeless(schema: BatchSchema): BatchSchema {
  if (schema.kind === 'any') return schema;
  return batchSchema(
    schema.fields.map((field) => (field.type.kind === 'timestamp' ? { ...field, type: { kind: 'timestamp' } } : field)),
  );
}

function typeOf(how: JoinType, isTable: boolean, call: Call): JoinType {
  const known = isTable ? tableTypes : types;
  if (known.includes(how)) return how;
  if (types.includes(how))
    throw refused(
      call,
      `a ${how} join would have to give rows of the table that have no partner, and of a stream more rows may always come`,
      `with a table there are ${tableTypes.join(', ')}`,
    );
  const near = nearestName(String(how), types);
  throw refused(
    call,
    `there is no join '${how}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
    `there are ${types.join(', ')}`,
  );
}

export function keysOf(sides: Columned, on: JoinRequest['on'], call: Call): JoinNode['keys'] {
  const pairs = pairsOf(on, call);
  if (pairs.length === 0)
    throw refused(call, '`on` names no columns', "as in on: 'id', on: ['id', 'region'] or on: { leftName: 'rightName' }");
  for (const [left, right] of pairs) {
    const [l, r] = [keyColumn(sides[0].schema, left, call), keyColumn(sides[1].schema, right, call)];
    if (!isComparable(l, r))
      throw refused(
        call,
        `'${left}' is ${typeText(l.type)} on the left side, and '${right}' is ${typeText(r.type)} on the right one: no two values are equal`,
      );
  }
  return [pairs.map(([left]) => left), pairs.map(([, right]) => right)];
}

/** Keys that have one name on both sides are one column of the result. */
export const mergedKeys = ([left, right]: JoinNode['keys']): readonly string[] => left.filter((name, i) => name === right[i]);

function pairsOf(on: JoinRequest['on'], call: Call): readonly (readonly [string, string])[] {
  if (typeof on === 'string') return [[on, on]];
  if (Array.isArray(on)) return on.map((name: string) => [name, name]);
  if (typeof on === 'object' && on !== null) return Object.entries(on as Readonly<Record<string, string>>);
  throw refused(call, '`on` names no columns', "as in on: 'id', on: ['id', 'region'] or on: { leftName: 'rightName' }");
}

/** Equal values have equal keys: numbers, integers and times are all numbers. */
function isComparable(a: FieldType, b: FieldType): boolean {
  const family = ({ type }: FieldType): string => {
    if (isWindow(type)) return 'window';
    return type.kind === 'int64' || type.kind === 'timestamp' ? 'float64' : type.kind;
  };
  return family(a) === 'any' || family(b) === 'any' || family(a) === family(b);
}

function boundOf(sides: Sides, keys: JoinNode['keys'], { within, times }: JoinRequest, call: Call): JoinBound | undefined {
  if (within !== undefined) {
    const [low, high] = within;
    const lowMs = durationMs(low, `${called(call)} within`);
    const highMs = durationMs(high, `${called(call)} within`);
    if (lowMs > highMs) throw refused(call, `\`within\` is empty: '${low}' is more than '${high}'`);
    const [left, right] = sides.map((side, i) => timeOfSide(side, i, times?.[i], '`within` compares times', call));
    return { left: left!, right: right!, lowMs, highMs };
  }
  const at = keys[0].findIndex((left, i) => isTimed(sides[0], left) || isTimed(sides[1], keys[1][i]!));
  return at < 0 ? undefined : { left: keys[0][at]!, right: keys[1][at]!, lowMs: 0, highMs: 0 };
}

/** Of what a closure made nobody knows; a window is believed, as where it groups. */
function isTimed(node: LogicalNode, column: string): boolean {
  const answer = underWatermark(node, column);
  return answer === 'yes' || (answer === 'unseen' && isWindow(columnOf(node.schema, column, noCall).type));
}
const noCall: Call = { verb: 'join()', site: '' };
const sideName = ['left', 'right'] as const;

function timeOfSide(side: LogicalNode, i: number, named: string | undefined, why: string, call: Call): string {
  if (named !== undefined) {
    requireWindowTime(side.schema, named, call);
    return named;
  }
  const names = side.schema.kind === 'any' ? [] : side.schema.fields.map(({ name }) => name);
  const timed = names.filter((name) => isTimed(side, name));
  if (timed.length === 1) return timed[0]!;
  throw refused(
    call,
    `${why}, and the ${sideName[i]} stream has ${timed.length === 0 ? 'no column' : `${timed.length} columns (${timed.join(', ')})`} under a watermark`,
    "say which: times: ['leftTime', 'rightTime']",
  );
}

/** The run-time half of `CheckJoin`. */
function checkWatermarks(sides: Sides, how: JoinType, call: Call): void {
  if (how === 'inner' || how === 'semi') return;
  for (const side of how === 'full' ? [1, 0] : how === 'right' ? [0] : [1]) {
    if (hasWatermark(sides[side]!)) continue;
    throw refused(call, `✗ a ${how} join needs a watermark on the ${sideName[side]} stream: call withWatermark() on it`);
  }
}

export function columnsOf(
  [left, right]: Columned,
  how: JoinType,
  merged: readonly string[],
  call: Call,
): { readonly schema: BatchSchema; readonly columns?: readonly JoinColumn[] } {
  if (left.schema.kind === 'any' || right.schema.kind === 'any')
    return { schema: how === 'semi' || how === 'anti' ? left.schema : anySchema, ...columnsOfHalf(left, how) };
  if (how === 'semi' || how === 'anti') return { schema: left.schema, ...columnsOfHalf(left, how) };
  const mayLack = { left: how === 'right' || how === 'full', right: how === 'left' || how === 'full' };
  const own = right.schema.fields.filter(({ name }) => !merged.includes(name));
  const taken = own.find(({ name }) => fieldOf(left.schema, name) !== undefined);
  if (taken !== undefined)
    throw refused(call, `✗ both sides have a column '${taken.name}': rename one with select() before the join`);
  const ofLeft = left.schema.fields.map((field) => {
    if (!merged.includes(field.name)) return { ...field, nullable: field.nullable || mayLack.left };
    const other = columnOf(right.schema, field.name, call);
    return { ...field, nullable: field.nullable || (mayLack.left && other.nullable) };
  });
  const ofRight = own.map((field) => ({ ...field, nullable: field.nullable || mayLack.right }));
  const columns: readonly JoinColumn[] = [
    ...ofLeft.map(({ name }) => ({ name, left: name, ...(mayLack.left && merged.includes(name) ? { right: name } : {}) })),
    ...ofRight.map(({ name }) => ({ name, right: name })),
  ];
  return { schema: batchSchema([...ofLeft, ...ofRight]), columns };
}

/** Of a join that gives left rows as they are. */
function columnsOfHalf({ schema }: Pick<LogicalNode, 'schema'>, how: JoinType): { readonly columns?: readonly JoinColumn[] } {
  if (schema.kind === 'any' || (how !== 'semi' && how !== 'anti')) return {};
  return { columns: schema.fields.map(({ name }) => ({ name, left: name })) };
}

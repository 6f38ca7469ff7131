/** The keys of a grouping, by name or by expressions: what `groupBy` hands to the aggregation. */
import { type BatchSchema, type FieldType, isWindow } from '../batch/index.ts';
import { columnExpr, type ExprNode, exprText } from '../expr/index.ts';
import { type Call, refused } from './call.ts';
import { columnOf, keyColumn, requireWindowTime } from './columns.ts';
import { exprsOf } from './expr-columns.ts';
import { nodeOf } from './planned-expr.ts';
import { PlannedWindow, type WindowShape } from './window-key.ts';
import type { TriggerParts } from './window-trigger.ts';

export interface GroupKey {
  /** In the result. */
  readonly name: string;
  readonly expr: ExprNode;
}
export interface GroupWindow {
  readonly name: string;
  readonly shape: WindowShape;
  /** Undefined for a window of so many rows, and for a global one. */
  readonly time: ExprNode | undefined;
}
export interface Grouping {
  readonly keys: readonly GroupKey[];
  readonly window: GroupWindow | undefined;
  /** Of the result's columns: the window's and the keys'. */
  readonly order: readonly string[];
}

/** `groupBy(window('at', '1 minute'), 'deviceId')`: the window comes first. */
export function keysOf(schema: BatchSchema, keys: readonly unknown[], call: Call): Grouping {
  const windows = keys.filter((key) => key instanceof PlannedWindow);
  checkOne(windows, call);
  const columns = keys.filter((key): key is string => !(key instanceof PlannedWindow));
  const named = columns.map((name) => ({ name, expr: columnExpr([name], keyColumn(schema, name, call)) }));
  const [window] = windows.map((key) => windowOf('window', key, schema, call));
  return { keys: named, window, order: [...(isShown(window) ? ['window'] : []), ...columns] };
}

/** `groupBy((c) => ({ day: c.at.truncate('day'), channel: c.channel }))` */
export function keysBy(schema: BatchSchema, fn: unknown, call: Call): Grouping {
  return exprsOf(fn, schema, call, (result) => {
    if (typeof result !== 'object' || result === null)
      throw refused(call, 'its function gives no named keys', "as in (c) => ({ day: c.at.truncate('day') })");
    const entries = Object.entries(result);
    const windows = entries.filter(([, key]) => key instanceof PlannedWindow);
    checkOne(windows, call);
    const [window] = windows.map(([name, key]) => windowOf(name, key as PlannedWindow, schema, call));
    const keys = entries.flatMap(([name, key]) =>
      key instanceof PlannedWindow ? [] : [{ name, expr: keyExpr(name, nodeOf(key), call) }],
    );
    const order = entries.map(([name]) => name).filter((name) => name !== window?.name || isShown(window));
    const grouping = { keys, window, order };
    return { result: grouping, nodes: [...keys.map(({ expr }) => expr), ...(window === undefined ? [] : nodesOfWindow(window))] };
  });
}

/** A global window is no column of the result. */
const isShown = (window: GroupWindow | undefined): boolean => window !== undefined && !('trigger' in window.shape);

function checkOne(windows: readonly unknown[], call: Call): void {
  if (windows.length <= 1) return;
  throw refused(call, 'it takes one window', 'group by the smaller window first, and the result by a larger one over its window');
}

function keyExpr(name: string, expr: ExprNode, call: Call): ExprNode {
  if (isKey(expr.type)) return expr;
  throw refused(call, `key '${name}' cannot be one: '${exprText(expr)}' is a struct`, 'group by its fields');
}

const isKey = ({ type }: FieldType): boolean => type.kind !== 'struct' || isWindow(type);

function nodesOfWindow({ time, shape }: GroupWindow): ExprNode[] {
  const gap = 'gap' in shape && typeof shape.gap === 'object' ? [shape.gap] : [];
  const seen = 'trigger' in shape ? shape.trigger.columns.flatMap(({ of }) => (typeof of === 'string' ? [] : [of])) : [];
  return [...(time === undefined ? [] : [time]), ...gap, ...seen];
}

/** A window over a time of these rows. */
export function windowOf(name: string, { shape, time }: PlannedWindow, schema: BatchSchema, call: Call): GroupWindow {
  if ('trigger' in shape) return { name, shape: { trigger: triggerOf(shape.trigger, schema, call) }, time: undefined };
  if (time === undefined) return { name, shape, time };
  if (typeof time === 'string') {
    requireWindowTime(schema, time, call);
    return { name, shape, time: columnExpr([time], timeColumn(schema, time)) };
  }
  if (time.type.type.kind === 'timestamp' || time.type.type.kind === 'any' || isWindow(time.type.type))
    return { name, shape, time };
  throw refused(
    call,
    `window(): '${exprText(time)}' is not a time`,
    'a window is over a time, or over the window of an earlier aggregation',
  );
}

/** What a trigger is given, as expressions over these rows. */
function triggerOf(trigger: TriggerParts, schema: BatchSchema, call: Call): TriggerParts {
  const columns = trigger.columns.map((column) => {
    const { of, isTime = false } = column;
    if (typeof of === 'string') {
      if (isTime) requireWindowTime(schema, of, call);
      return { ...column, of: columnExpr([of], columnOf(schema, of, call)) };
    }
    if (!isTime || of.type.type.kind === 'timestamp' || of.type.type.kind === 'any' || isWindow(of.type.type)) return column;
    throw refused(call, `globalWindow(): '${exprText(of)}' is not a time`, 'its trigger waits for a column under a watermark');
  });
  return { ...trigger, columns };
}

function timeColumn(schema: BatchSchema, name: string): FieldType {
  const field = schema.kind === 'any' ? undefined : schema.fields.find((one) => one.name === name);
  return field ?? { type: { kind: 'any' }, nullable: true };
}

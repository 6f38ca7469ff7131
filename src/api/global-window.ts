/** One window for each key, which never ends: what goes out of it, and when, its trigger says. */
import { type Duration, formatMs, WeirError } from '../core/index.ts';
import { type ExprNode, exprText, heldTo } from '../expr/index.ts';
import type { TriggerAction } from '../plan/index.ts';
import type { BooleanExpr, Expr } from './expr-types.ts';
import { t } from './fields.ts';
import { nodeOf } from './planned-expr.ts';
import { state, stateDeclarations, type StateField, type ValueState } from './state-field.ts';
import type { EventTime, EventWindow, Watermarked } from './values.ts';
import { naturalMs, PlannedWindow, positiveMs } from './window-key.ts';
import {
  PlannedTrigger,
  type TriggerColumn,
  type TriggerContext,
  type TriggerParts,
  type TriggerResults,
  type WindowTrigger,
} from './window-trigger.ts';

/** What a global window's rows are: final, or those of now. */
export type GlobalType = 'triggered' | 'kept';
declare const globalBrand: unique symbol;
/** A global window as a grouping key, of rows that have the columns of `Row`. It is no column of the result. */
export interface GlobalWindowKey<out Type extends GlobalType = GlobalType, in Row = never> {
  readonly [globalBrand]: { type: Type; of: (row: Row) => void };
}

/** Whichever comes first, of each key, counted from when its window last went out. Then all of them begin anew. */
export interface TriggerRules {
  /** With so many rows. */
  readonly rows?: number;
  /** With a row for which this is true. */
  readonly when?: BooleanExpr<null>;
  /** Once the watermark has passed the time of the first row, and so much more. The time is a column under a watermark, or the window of an earlier aggregation. */
  readonly eventTime?: { readonly of: string | Expr<EventTime | EventWindow>; readonly after: Duration };
  /** So long after the first row came, by the clock. The end of a bounded input does not wait for it. */
  readonly processingTime?: Duration;
  /** At the end of a bounded input (false). Otherwise what a window holds then never goes out. */
  readonly atEnd?: boolean;
  /** What goes out stays as well (false), and the next row to go out is of all rows that there have been: for the modes `update` and `complete`. */
  readonly keep?: boolean;
}
type AnyTrigger = TriggerRules | WindowTrigger;
type TypeOfTrigger<T> =
  T extends WindowTrigger<infer Results>
    ? TypeOfResults<Results>
    : T extends { readonly keep: infer Keep }
      ? true extends Keep
        ? 'kept'
        : 'triggered'
      : 'triggered';
type TypeOfResults<Results> = Results extends 'final' ? 'triggered' : 'kept';
type RowOfTrigger<T> =
  T extends WindowTrigger<TriggerResults, infer Row>
    ? Row
    : T extends { readonly eventTime: { readonly of: infer Name extends string } }
      ? { readonly [P in Name]: Watermarked }
      : unknown;

/**
 * One window for each key, which never ends. What goes out of it, and when, follows from its trigger: rules, of which whichever comes first holds, or functions of
 * one's own (`windowTrigger`). What goes out is purged, and final, unless it is kept. It is no column of the result, whose rows are known by their keys.
 * No row is late. What a window holds when it goes out is the same in every run where all rows of a key come from one split, in its order, but for
 * triggers on the clock; otherwise it depends on which split was quicker.
 *
 * @throws WeirError `E_PLAN` for rules by which nothing ever goes out, or that are no number, condition or duration
 * @example orders.groupBy(globalWindow({ trigger: { rows: 100, processingTime: '10 seconds' } }), 'shop').agg({ total: sum('price') })
 * @example events.groupBy((c) => ({ all: globalWindow({ trigger: { when: c.kind.eq('paid') } }), cart: c.cart })).agg({ total: sum('price') })
 */
export function globalWindow<const T extends AnyTrigger>(options: {
  readonly trigger: T;
}): GlobalWindowKey<TypeOfTrigger<T>, RowOfTrigger<T>> {
  const { trigger } = options;
  const parts = trigger instanceof PlannedTrigger ? trigger.parts : rulesParts(trigger as TriggerRules);
  return new PlannedWindow({ trigger: parts }, undefined) as never;
}

type RuleContext = TriggerContext<{ readonly since: StateField<ValueState<number>> }>;
/** Rules as a trigger has them. */
interface Checked {
  readonly rows: number;
  readonly afterMs: number | undefined;
  readonly clockMs: number | undefined;
  readonly atEnd: boolean;
  readonly keeps: boolean;
}

/** No watermark but the last one is as late. */
const theEnd = Number.MAX_SAFE_INTEGER;

function rulesParts(rules: TriggerRules): TriggerParts {
  if (typeof rules !== 'object' || rules === null)
    throw new WeirError('E_PLAN', 'globalWindow(): its trigger is none', {
      hint: 'give rules, as in { rows: 100 }, or a trigger made with windowTrigger({ … })',
    });
  const { rows, when, eventTime, processingTime, atEnd = false, keep: keeps = false } = rules;
  const columns = columnsOf(rules);
  const checked: Checked = {
    rows: rows === undefined ? Infinity : wholeRows(rows),
    afterMs: eventTime === undefined ? undefined : naturalMs(eventTime.after, 'globalWindow() eventTime.after'),
    clockMs: processingTime === undefined ? undefined : positiveMs(processingTime, 'globalWindow() processingTime'),
    atEnd,
    keeps,
  };
  const [condition] = columns.filter(({ name }) => name === 'when');
  const [time] = columns.filter(({ isTime }) => isTime === true);
  const texts = [
    ...(rows === undefined ? [] : [`after ${rows} rows`]),
    ...(when === undefined ? [] : [`when ${textOf(condition!.of)}`]),
    ...(eventTime === undefined ? [] : [`${formatMs(checked.afterMs!)} after ${textOf(time!.of)}`]),
    ...(processingTime === undefined ? [] : [`after ${formatMs(checked.clockMs!)} on the clock`]),
    ...(atEnd ? ['at the end'] : []),
  ];
  if (texts.length === 0)
    throw new WeirError('E_PLAN', 'globalWindow(): by its trigger nothing ever goes out', {
      hint: 'say rows, when, eventTime, processingTime or atEnd',
    });
  const counted = rows === undefined ? {} : { counted: { state: 'since', rows } };
  return { text: texts.join(' or '), columns, ...(keeps ? { keeps } : {}), ...counted, ...functionsOf(checked) };
}

function columnsOf({ when, eventTime }: TriggerRules): readonly TriggerColumn[] {
  const time = eventTime?.of;
  return [
    ...(when === undefined ? [] : [{ name: 'when', of: heldTo('boolean', nodeOf(when), 'globalWindow() when') }]),
    ...(time === undefined ? [] : [{ name: 'time', of: typeof time === 'string' ? time : nodeOf(time), isTime: true }]),
  ];
}

function functionsOf({
  rows,
  afterMs,
  clockMs,
  atEnd,
  keeps,
}: Checked): Pick<TriggerParts, 'state' | 'onRow' | 'onTimer' | 'onProcessingTimer'> {
  const action: TriggerAction = keeps ? 'emit' : 'emit-and-purge';
  const begin = (time: number | undefined, ctx: RuleContext): void => {
    if (afterMs !== undefined) ctx.setTimer(time! + afterMs);
    if (clockMs !== undefined) ctx.setProcessingTimer(ctx.now + clockMs);
    if (atEnd) ctx.setTimer(theEnd);
  };
  const fire = (_: unknown, ctx: RuleContext): TriggerAction => {
    if (keeps) beginAnew(ctx);
    return action;
  };
  const onRow = ({ when, time }: { when?: unknown; time?: number }, ctx: RuleContext): TriggerAction => {
    const { since } = ctx.state;
    const n = (since.get() ?? 0) + 1;
    // What is due already need not wait for the watermark to rise again.
    const isOver = n === 1 && afterMs !== undefined && time! + afterMs <= ctx.watermark;
    if (n >= rows || when === true || isOver) return fire(undefined, ctx);
    since.set(n);
    if (n === 1) begin(time, ctx);
    return 'continue';
  };
  return {
    state: stateDeclarations({ since: state.value(t.number) }, 'globalWindow()'),
    onRow: onRow as never,
    onTimer: fire as never,
    ...(clockMs === undefined ? {} : { onProcessingTimer: fire as never }),
  };
}

/** A purge does the same where nothing is kept. */
function beginAnew(ctx: RuleContext): void {
  ctx.state.since.clear();
  for (const at of ctx.timers()) ctx.deleteTimer(at);
  for (const at of ctx.processingTimers()) ctx.deleteProcessingTimer(at);
}

function wholeRows(rows: number): number {
  if (Number.isSafeInteger(rows) && rows >= 1) return rows;
  throw new WeirError('E_PLAN', `globalWindow(): its trigger counts a whole number of rows from 1, not ${rows}`);
}

const textOf = (of: string | ExprNode): string => (typeof of === 'string' ? of : exprText(of));

/** Windows of event time as keys of a grouping. */
import { type ExprNode, exprText, heldTo } from '../expr/index.ts';
import type { CountSpec, WindowSpec } from '../plan/index.ts';
import { type Duration, durationMs, formatMs, WeirError } from '../core/index.ts';
import type { Expr, NumberExpr } from './expr-types.ts';
import { nodeOf } from './planned-expr.ts';
import type { Timestamp, Window } from './values.ts';
import type { TriggerParts } from './window-trigger.ts';

declare const windowBrand: unique symbol;
/** `revised`: a fixed one with lateness. `count`: of so many rows. */
export type WindowType = 'fixed' | 'revised' | 'session' | 'count';
/** A window as a grouping key, over the time column `Name`, or over an expression of type T. */
export interface WindowKey<out Type extends WindowType = WindowType, out Name extends string = string, out T = unknown> {
  readonly [windowBrand]: { type: Type; name: Name; time: T };
}
export interface WindowOptions {
  /** Start a window this often instead of every `size`: overlapping windows, with shared slices. Must divide `size`. */
  readonly slide?: Duration;
  /** Shift of the boundaries from 1970-01-01T00:00Z. */
  readonly offset?: Duration;
  /**
   * Take rows this much longer after the watermark has reached the window's end, and write it again (0): for the modes `update` and
   * `complete`. Its state is kept as long. A row that comes later still goes to `.late()`.
   */
  readonly lateness?: Duration;
}
type Lenient = WindowOptions & { readonly lateness: Duration };

/** Which windows there are, whatever their time: at fixed places, or wherever rows come together. */
export type WindowShape =
  | { readonly fixed: Omit<WindowSpec, 'column'> }
  | { readonly count: CountSpec }
  /** One for each key. */
  | { readonly trigger: TriggerParts }
  /** Milliseconds, or an expression for each row's own. */
  | { readonly gap: number | ExprNode };

/** What a window key is at run time. */
export class PlannedWindow {
  readonly shape: WindowShape;
  /** A column, or an expression; undefined for a window of so many rows, or a global one. */
  readonly time: string | ExprNode | undefined;

  constructor(shape: WindowShape, time: string | ExprNode | undefined) {
    this.shape = shape;
    this.time = time;
  }
}

/**
 * Tumbling windows, or sliding ones with `slide`. The time is a timestamp column, or the window of an earlier aggregation.
 *
 * @throws WeirError `E_PLAN` for a size or slide that is not positive, a slide that does not divide the size, a negative lateness
 * @example readings.groupBy(window('at', '5 minutes', { slide: '1 minute' }), 'deviceId').count()
 */
export function window<Name extends string>(time: Name, size: Duration, options: Lenient): WindowKey<'revised', Name>;
export function window<Name extends string>(time: Name, size: Duration, options?: WindowOptions): WindowKey<'fixed', Name>;
export function window<T extends Timestamp | Window>(
  time: Expr<T>,
  size: Duration,
  options: Lenient,
): WindowKey<'revised', never, T>;
export function window<T extends Timestamp | Window>(
  time: Expr<T>,
  size: Duration,
  options?: WindowOptions,
): WindowKey<'fixed', never, T>;
export function window(time: unknown, size: Duration, options: WindowOptions = {}): WindowKey<'fixed' | 'revised'> {
  const of = typeof time === 'string' ? time : nodeOf(time);
  const where = `window('${timeText(of)}')`;
  const sizeMs = positiveMs(size, `${where} size`);
  const slideMs = options.slide === undefined ? sizeMs : positiveMs(options.slide, `${where} slide`);
  if (sizeMs % slideMs !== 0) {
    throw new WeirError('E_PLAN', `${where}: a slide of ${formatMs(slideMs)} does not divide the size of ${formatMs(sizeMs)}`, {
      hint: 'windows share slices of the length of the slide: choose one that goes into the size a whole number of times',
    });
  }
  const fixed = { sizeMs, slideMs, offsetMs: offsetIn(options.offset, slideMs, where), ...latenessIn(options.lateness, where) };
  return new PlannedWindow({ fixed }, of) as unknown as WindowKey<'fixed'>;
}

export interface CumulativeOptions {
  /** From one end to the next. Must divide `max`. */
  readonly step: Duration;
  /** The longest of them; then they begin anew. */
  readonly max: Duration;
  /** Shift of the boundaries from 1970-01-01T00:00Z. */
  readonly offset?: Duration;
  /** As of `window()`. */
  readonly lateness?: Duration;
}

/**
 * Windows that grow: `[s, s + step)`, `[s, s + 2 step)` and so on to `[s, s + max)`, `s` being each multiple of `max`: the total of the day so far,
 * every hour. A row is counted once, in the slice that its windows share. The time is as of `window()`.
 *
 * @throws WeirError `E_PLAN` for a step or max that is not positive, or a step that does not divide max
 * @example orders.groupBy(cumulativeWindow('at', { step: '1 hour', max: '1 day' }), 'shop').agg({ total: sum('price') })
 */
export function cumulativeWindow<Name extends string>(
  time: Name,
  options: CumulativeOptions & { readonly lateness: Duration },
): WindowKey<'revised', Name>;
export function cumulativeWindow<Name extends string>(time: Name, options: CumulativeOptions): WindowKey<'fixed', Name>;
export function cumulativeWindow<T extends Timestamp | Window>(
  time: Expr<T>,
  options: CumulativeOptions & { readonly lateness: Duration },
): WindowKey<'revised', never, T>;
export function cumulativeWindow<T extends Timestamp | Window>(
  time: Expr<T>,
  options: CumulativeOptions,
): WindowKey<'fixed', never, T>;
export function cumulativeWindow(time: unknown, options: CumulativeOptions): WindowKey<'fixed' | 'revised'> {
  const of = typeof time === 'string' ? time : nodeOf(time);
  const where = `cumulativeWindow('${timeText(of)}')`;
  const sizeMs = positiveMs(options.max, `${where} max`);
  const slideMs = positiveMs(options.step, `${where} step`);
  if (sizeMs % slideMs !== 0)
    throw new WeirError('E_PLAN', `${where}: a step of ${formatMs(slideMs)} does not divide the max of ${formatMs(sizeMs)}`, {
      hint: 'the last of the windows ends with max: choose a step that goes into it a whole number of times',
    });
  const offsetMs = offsetIn(options.offset, sizeMs, where);
  const fixed = { sizeMs, slideMs, offsetMs, cumulative: true, ...latenessIn(options.lateness, where) };
  return new PlannedWindow({ fixed }, of) as unknown as WindowKey<'fixed'>;
}

/** Within one period. */
function offsetIn(offset: Duration | undefined, periodMs: number, where: string): number {
  const ms = offset === undefined ? 0 : durationMs(offset, `${where} offset`);
  return ((ms % periodMs) + periodMs) % periodMs;
}

function latenessIn(lateness: Duration | undefined, where: string): Pick<WindowSpec, 'latenessMs'> {
  const latenessMs = lateness === undefined ? 0 : naturalMs(lateness, `${where} lateness`);
  return latenessMs === 0 ? {} : { latenessMs };
}

/**
 * Sessions: rows of a key with less than `gap` between them, or exactly that, belong together. A session is `[first, last + gap)`, and two that
 * overlap or touch become one. The gap may be each row's own, in milliseconds: the session then ends at the latest of `time + gap`,
 * and a row whose gap is not above 0 is in no session. A row is late if its own session, `[time, time + gap)`, has closed.
 *
 * @throws WeirError `E_PLAN` for a gap that is not positive, or that is no number
 * @example clicks.groupBy(sessionWindow('at', '30 minutes'), 'user').count()
 * @example clicks.groupBy((c) => ({ visit: sessionWindow(c.at, c.patienceMs), user: c.user })).count()
 */
export function sessionWindow<T extends Timestamp | Window>(
  time: Expr<T>,
  gap: Duration | NumberExpr,
): WindowKey<'session', never, T>;
export function sessionWindow<Name extends string>(time: Name, gap: Duration): WindowKey<'session', Name>;
export function sessionWindow(time: unknown, gap: unknown): WindowKey<'session'> {
  const of = typeof time === 'string' ? time : nodeOf(time);
  const where = `sessionWindow('${timeText(of)}') gap`;
  const shape = {
    gap: typeof gap === 'object' && gap !== null ? heldTo('number', nodeOf(gap), where) : positiveMs(gap as Duration, where),
  };
  return new PlannedWindow(shape, of) as unknown as WindowKey<'session'>;
}

/** Rows of a key by their numbers, counted from 0 in the order of arrival: the first and the last of a window. */
export interface RowSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Windows of `size` rows of a key, in the order in which they arrive; with `slide` one begins with every so many rows, and they overlap. The
 * row of a window goes out with the last row in it, and is final; one that is not full never does. Time plays no part: no row is late.
 * What a window holds is the same in every run where all rows of a key come from one split, in its order; otherwise it depends on which split was
 * quicker. Of each key one entry is kept for ever: how many rows it has had, and `size / slide` accumulators at most; in mode `complete` all windows
 * that were ever full.
 *
 * @throws WeirError `E_PLAN` for a size that is no whole number from 1, or a slide that is none from 1 to size
 * @example trades.groupBy(countWindow(100, { slide: 10 }), 'symbol').agg({ mean: avg('price') })
 */
export function countWindow(size: number, options: { readonly slide?: number } = {}): WindowKey<'count', never, never> {
  const { slide = size } = options;
  if (!Number.isSafeInteger(size) || size < 1)
    throw new WeirError('E_PLAN', `countWindow(): a window has a whole number of rows from 1, not ${size}`);
  if (!Number.isSafeInteger(slide) || slide < 1 || slide > size)
    throw new WeirError('E_PLAN', `countWindow(${size}): it slides by a whole number of rows from 1 to ${size}, not ${slide}`);
  return new PlannedWindow({ count: { size, slide } }, undefined) as unknown as WindowKey<'count', never, never>;
}

const timeText = (time: string | ExprNode): string => (typeof time === 'string' ? time : exprText(time));

/** @throws WeirError `E_PLAN` unless it is a duration longer than nothing */
export function positiveMs(duration: Duration, where: string): number {
  const ms = durationMs(duration, where);
  if (ms > 0) return ms;
  throw new WeirError('E_PLAN', `${where}: '${duration}' is not longer than nothing`);
}

/** @throws WeirError `E_PLAN` for a negative duration */
export function naturalMs(duration: Duration, where: string): number {
  const ms = durationMs(duration, where);
  if (ms >= 0) return ms + 0;
  throw new WeirError('E_PLAN', `${where}: '${duration}' is negative`);
}

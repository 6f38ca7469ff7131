/** Windows of event time as keys of a grouping. */
import { type ExprNode, exprText } from '../expr/index.ts';
import type { WindowSpec } from '../plan/index.ts';
import { type Duration, durationMs, formatMs, WeirError } from '../core/index.ts';
import type { Expr } from './expr-types.ts';
import { nodeOf } from './planned-expr.ts';
import type { Timestamp, Window } from './values.ts';

declare const windowBrand: unique symbol;
export type WindowType = 'fixed' | 'session';
/** A window as a grouping key, over the time column `Name`, or over an expression of type T. */
export interface WindowKey<out Type extends WindowType = WindowType, out Name extends string = string, out T = unknown> {
  readonly [windowBrand]: { type: Type; name: Name; time: T };
}
export interface WindowOptions {
  /** Start a window this often instead of every `size`: overlapping windows, with shared slices. Must divide `size`. */
  readonly slide?: Duration;
  /** Shift of the boundaries from 1970-01-01T00:00Z. */
  readonly offset?: Duration;
}

/** What a window key is at run time. */
export class PlannedWindow {
  /** Its column is '' where the time is an expression. */
  readonly spec: WindowSpec;
  readonly time: ExprNode | undefined;

  constructor(spec: WindowSpec, time?: ExprNode) {
    this.spec = spec;
    this.time = time;
  }
}

/**
 * Tumbling windows, or sliding ones with `slide`. The time is a timestamp column, or the window of an earlier aggregation.
 *
 * @throws WeirError `E_PLAN` for a size or slide that is not positive, or a slide that does not divide the size
 * @example readings.groupBy(window('at', '5 minutes', { slide: '1 minute' }), 'deviceId').count()
 */
export function window<Name extends string>(time: Name, size: Duration, options?: WindowOptions): WindowKey<'fixed', Name>;
export function window<T extends Timestamp | Window>(
  time: Expr<T>,
  size: Duration,
  options?: WindowOptions,
): WindowKey<'fixed', never, T>;
export function window(time: unknown, size: Duration, options: WindowOptions = {}): WindowKey<'fixed'> {
  const column = typeof time === 'string' ? time : '';
  const planned = typeof time === 'string' ? undefined : nodeOf(time);
  const where = `window('${planned === undefined ? column : exprText(planned)}')`;
  const sizeMs = positiveMs(size, `${where} size`);
  const slideMs = options.slide === undefined ? sizeMs : positiveMs(options.slide, `${where} slide`);
  if (sizeMs % slideMs !== 0) {
    throw new WeirError('E_PLAN', `${where}: a slide of ${formatMs(slideMs)} does not divide the size of ${formatMs(sizeMs)}`, {
      hint: 'windows share slices of the length of the slide: choose one that goes into the size a whole number of times',
    });
  }
  const offset = options.offset === undefined ? 0 : durationMs(options.offset, `${where} offset`);
  const offsetMs = ((offset % slideMs) + slideMs) % slideMs;
  return new PlannedWindow({ column, sizeMs, slideMs, offsetMs }, planned) as unknown as WindowKey<'fixed'>;
}

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

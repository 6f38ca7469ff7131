/** How a split's watermark follows from what it gives, otherwise than by a delay. */
import type { TimeStrategy, WatermarkNode } from '../plan/index.ts';
import type { Duration } from '../core/index.ts';
import { type Call, called, refused } from './call.ts';
import type { Timestamp } from './values.ts';
import { naturalMs } from './window-key.ts';

/**
 * A watermark of one's own, split by split: a fold over the times of its rows. What it gives is held to never fall. Pure, and its state is plain data
 * (numbers, strings, lists, objects): it is kept in each checkpoint, and is the same after any crash.
 *
 * @example trades.withWatermark('at', { strategy: { create: () => 0, advance: (last, at) => Math.max(last, at), watermark: (last) => last - 5_000 } })
 */
export interface WatermarkStrategy<State = any> {
  create(): State;
  /** The state behind a row of this time: a new one, or the same changed. A row for which it throws is set aside; it must not have changed anything then. */
  advance(state: State, time: Timestamp): State;
  /** In milliseconds since 1970; -Infinity while nothing can be promised. */
  watermark(state: State): number;
}
/** `manual`: as the source says, and not as its rows do. */
export interface StrategyChoice<State = any> {
  readonly strategy: 'manual' | WatermarkStrategy<State>;
}

/** @throws WeirError `E_PLAN` for what is neither a delay nor a strategy */
export function watermarkBy(delay: Duration | StrategyChoice, call: Call): Pick<WatermarkNode, 'delayMs' | 'strategy'> {
  if (typeof delay !== 'object' || delay === null) return { delayMs: naturalMs(delay, called(call)) };
  const { strategy } = delay;
  if (strategy === 'manual') return { delayMs: 0, strategy };
  const isOne = typeof strategy === 'object' && strategy !== null;
  if (isOne && (['create', 'advance', 'watermark'] as const).every((name) => typeof strategy[name] === 'function')) {
    const own: TimeStrategy = {
      create: () => strategy.create(),
      advance: (state, time) => strategy.advance(state, time as Timestamp),
      watermark: (state) => strategy.watermark(state),
    };
    return { delayMs: 0, strategy: own };
  }
  throw refused(
    call,
    'this is no strategy',
    "say 'manual', or give { create, advance, watermark }; or a delay, as in '10 minutes'",
  );
}

/**
 * Whether a failed job is restarted, and after how long.
 *
 * Owns: backoff with jitter, bounded per window of time. Pure. Invariants: R1 an error that says `never` is not retried;
 * R2 never more than `attempts` restarts within `withinMs`.
 */
import type { Retry } from '../core/index.ts';

export interface RestartOptions {
  /** Restarts allowed within `withinMs` (10). */
  readonly attempts: number;
  readonly withinMs: number;
  /** The first delay; doubles with each restart that brought no checkpoint, up to `backoffMaxMs`. */
  readonly backoffMs: number;
}
export const backoffMaxMs = 60_000;

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly reason: 'never' | 'attempts' };

/** What went wrong before, this failure not included. */
export interface EarlierFailures {
  /** Monotonic times, ascending. */
  readonly times: readonly number[];
  /** Those since the last complete checkpoint. */
  readonly inVain: number;
}

/**
 * @param jitter uniform in [0, 1): the delay lies between half and all of its full length
 */
export function decideRestart(
  options: RestartOptions,
  { times, inVain }: EarlierFailures,
  now: number,
  retry: Retry,
  jitter: number,
): RestartDecision {
  if (retry === 'never') return { kind: 'fail', reason: 'never' };
  const recent = times.filter((at) => at > now - options.withinMs).length;
  if (recent >= options.attempts) return { kind: 'fail', reason: 'attempts' };
  if (retry === 'restore' && inVain === 0) return { kind: 'restart', delayMs: 0 };
  const full = Math.min(options.backoffMs * 2 ** inVain, backoffMaxMs);
  return { kind: 'restart', delayMs: Math.round(full * (0.5 + jitter / 2)) };
}

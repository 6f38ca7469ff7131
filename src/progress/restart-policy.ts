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
  /** The first delay; doubles with each restart in the window, up to `backoffMaxMs`. */
  readonly backoffMs: number;
}
export const backoffMaxMs = 60_000;

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly reason: 'never' | 'attempts' };

/**
 * @param failures monotonic times of earlier failures, ascending, this one not included
 * @param jitter uniform in [0, 1): the delay lies between half and all of its full length
 */
export function decideRestart(
  options: RestartOptions,
  failures: readonly number[],
  now: number,
  retry: Retry,
  jitter: number,
): RestartDecision {
  if (retry === 'never') return { kind: 'fail', reason: 'never' };
  const recent = failures.filter((at) => at > now - options.withinMs).length;
  if (recent >= options.attempts) return { kind: 'fail', reason: 'attempts' };
  if (retry === 'restore' && recent === 0) return { kind: 'restart', delayMs: 0 };
  const full = Math.min(options.backoffMs * 2 ** recent, backoffMaxMs);
  return { kind: 'restart', delayMs: Math.round(full * (0.5 + jitter / 2)) };
}

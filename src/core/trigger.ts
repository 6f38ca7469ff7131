/**
 * When a run of a job takes rows, and when it ends.
 *
 * Owns: the ways that there are, and how they are written. `continuous`: until it is stopped. `every`: one epoch in each interval.
 * `available-now`: what is there when the run begins, in epochs as usual, and then it ends. `once`: the same in one epoch.
 */
import { type Duration, durationMs } from './duration.ts';
import { WeirError } from './errors.ts';

/**
 * `continuous` (unless said), `available-now` or `once`: what is there now, then a final checkpoint and the end; the next run goes on
 * from there. `{ every }`: results come once in each interval.
 */
export type Trigger = 'continuous' | 'once' | 'available-now' | { readonly every: Duration };

/** A trigger that was checked. */
export type RunTrigger =
  | { readonly kind: 'continuous' }
  | { readonly kind: 'every'; readonly everyMs: number }
  /** `oneEpoch`: no barrier comes before the last one, unless an epoch may hold no more. */
  | { readonly kind: 'drain'; readonly oneEpoch: boolean };

export const continuous: RunTrigger = { kind: 'continuous' };

/** @throws WeirError `E_USAGE` for anything else, `E_PLAN` for an interval that is no duration */
export function runTrigger(trigger: Trigger | undefined): RunTrigger {
  switch (trigger) {
    case undefined:
    case 'continuous':
      return continuous;
    case 'available-now':
      return { kind: 'drain', oneEpoch: false };
    case 'once':
      return { kind: 'drain', oneEpoch: true };
  }
  if (typeof trigger !== 'object' || trigger === null || typeof trigger.every !== 'string') throw noTrigger(trigger);
  const everyMs = durationMs(trigger.every, 'trigger every');
  if (everyMs > 0) return { kind: 'every', everyMs };
  throw new WeirError('E_PLAN', `trigger every: '${trigger.every}' is not longer than nothing`);
}

/** As on the command line: `available-now`, `once`, `continuous`, `every 5 seconds`. @throws as `runTrigger` */
export function triggerOf(text: string): RunTrigger {
  const every = /^every\s+(.+)$/.exec(text.trim());
  return runTrigger(every === null ? (text.trim() as Trigger) : { every: every[1] as Duration });
}

function noTrigger(trigger: unknown): WeirError {
  return new WeirError('E_USAGE', `${JSON.stringify(trigger) ?? String(trigger)} is no trigger`, {
    hint: "there are 'continuous', 'available-now', 'once' and { every: '5 seconds' } (on the command line: every 5 seconds)",
  });
}

/** How functions are called that ask outside, as a user says it. */
import type { Duration } from '../core/index.ts';
import type { CallSpec } from '../plan/index.ts';
import { type Call, called, refused } from './call.ts';
import { positiveMs } from './window-key.ts';

export interface CallOptions {
  readonly concurrency: number;
  readonly timeout?: Duration;
  readonly attempts?: number;
}

/** @throws WeirError `E_PLAN` for what is no number of calls, or no duration */
export function callsOf({ concurrency, timeout = '10 seconds', attempts = 3 }: CallOptions, call: Call): CallSpec {
  return {
    concurrency: atLeastOne(concurrency, 'concurrency', call),
    timeoutMs: positiveMs(timeout, `${called(call)} timeout`),
    attempts: atLeastOne(attempts, 'attempts', call),
  };
}

export function atLeastOne(value: number, name: string, call: Call): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw refused(call, `\`${name}\` is a whole number from 1, not ${value}`);
}

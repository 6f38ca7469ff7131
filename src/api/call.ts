/** A verb that is being called: what refusals name. */
import { WeirError } from '../core/index.ts';
import type { CallSite } from '../plan/index.ts';
import { callSite } from './call-site.ts';

export interface Call {
  readonly verb: string;
  readonly site: CallSite;
}

/** The call of `verb` from outside, now. */
export const calling = (verb: string): Call => ({ verb, site: callSite() });

/** `groupBy() at examples/job.ts:12` */
export const called = ({ verb, site }: Call): string => (site === '' ? verb : `${verb} at ${site}`);

export function refused(call: Call, why: string, hint?: string): WeirError {
  return new WeirError('E_PLAN', `${called(call)}: ${why}`, hint === undefined ? {} : { hint });
}

export function requireFunction(fn: unknown, call: Call): void {
  if (typeof fn !== 'function') throw refused(call, `it takes a function, not ${typeof fn}`);
}

/**
 * Where in the user's program a verb was called: `examples/job.ts:12`.
 *
 * Read from the stack of a new error, once per verb: the first frame outside of Weir itself (its sources, or what they
 * were built to) and of Node. For messages and plans only; nothing else may depend on it.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOwnCode } from '../core/index.ts';
import type { CallSite } from '../plan/index.ts';

const frame = /^\s*at (?:.*? \()?(?:async )?(.+?):(\d+):\d+\)?$/;

export function callSite(): CallSite {
  return callSiteIn(new Error().stack ?? '');
}

/** The same from a stack's text; '' if every frame is ours. */
export function callSiteIn(stack: string): CallSite {
  for (const line of stack.split('\n')) {
    const [, file, number] = frame.exec(line) ?? [];
    if (file === undefined || file.startsWith('node:')) continue;
    const path = file.startsWith('file://') ? fileURLToPath(file) : file;
    if (!isOwnCode(path)) return `${short(path)}:${number}`;
  }
  return '';
}

/** Seen from the working directory, unless that is a detour. */
function short(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

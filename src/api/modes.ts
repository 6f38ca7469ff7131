/** May these rows be written in this mode? The run-time half of `CheckMode`, with the same words. */
import {
  type AggregateNode,
  kindsOf,
  type LogicalNode,
  type OutputMode,
  outputModes,
  refusedChanges,
  refusedEvery,
  refusedRetraction,
  refusedTrigger,
} from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { nearestName } from './nearest.ts';

const modes: readonly OutputMode[] = ['append', 'update', 'complete'];

/** @throws WeirError `E_PLAN` with the reason */
export function checkMode(node: LogicalNode, mode: OutputMode, accepted: readonly OutputMode[], call: Call): void {
  if (!modes.includes(mode)) {
    const near = nearestName(String(mode), modes);
    throw refused(
      call,
      `there is no mode '${mode}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
      'the modes are append, update and complete',
    );
  }
  for (const kind of kindsOf(node)) {
    const legal = outputModes[kind][mode];
    if (legal !== true) throw refused(call, legal);
  }
  if (!accepted.includes(mode)) throw refused(call, `✗ this sink does not take mode ${mode}`, `it takes ${accepted.join(', ')}`);
}

/** Can these rows be written only every so often? */
export function checkEvery(input: LogicalNode, mode: OutputMode, everyMs: number, call: Call): void {
  const refusal = refusedEvery({ input, mode, everyMs });
  if (refusal !== undefined) throw refused(call, refusal.reason, refusal.hint);
}

/** Can this aggregation take rows that change, if its input has any; and do what its trigger asks for, if it has one? */
export function checkChanges(node: AggregateNode, call: Call): AggregateNode {
  const refusal = refusedChanges(node) ?? refusedTrigger(node);
  if (refusal !== undefined) throw refused(call, refusal.reason, refusal.hint);
  return node;
}

/** Can the rows that change, if there are any, be had as they were? */
export function checkRetracted(node: LogicalNode, call: Call): void {
  const refusal = refusedRetraction(node);
  if (refusal !== undefined) throw refused(call, refusal.reason, refusal.hint);
}

/**
 * Rows that keyed state, or a selection of rows, takes must be final.
 *
 * @param hint what else may be done about it
 */
export function checkFinal(node: LogicalNode, call: Call, hint?: string): void {
  const kinds = kindsOf(node);
  if (kinds.has('revised'))
    throw refused(
      call,
      'the rows of this stream may be written again for late rows, and it takes only final rows',
      hint ?? 'leave lateness out of the window',
    );
  if (kinds.has('changing'))
    throw refused(
      call,
      'the rows of this stream may be taken back, and it takes only final rows',
      hint ?? 'use changelog() before',
    );
  if (!kinds.has('running')) return;
  throw refused(
    call,
    'the rows of this stream never become final, and it takes only final rows',
    hint ?? 'group the first aggregation by a window over a column with withWatermark()',
  );
}

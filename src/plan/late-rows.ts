/** The rows that come too late for an operator: whose they are, and where they go out. */
import type { LateNode, LogicalNode } from './logical.ts';
import { sideNames } from './pair-columns.ts';

/** The port by which the late rows of one side of a join go out. */
export const latePorts = ['late-left', 'late-right'] as const;

export const latePortOf = ({ side }: LateNode): string => (side === undefined ? 'late' : latePorts[sideNames.indexOf(side)]!);

/** The node whose rows they are: an input; or a process function itself, of whose own rows some break a promise. */
export function lateRowsOf({ input, side }: LateNode): LogicalNode {
  if (input.kind === 'join') return input.inputs[side === 'right' ? 1 : 0];
  return input.kind === 'process' ? input : input.input;
}

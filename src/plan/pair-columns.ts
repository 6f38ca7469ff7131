/**
 * The columns of two rows that meet: to a condition they are one row, of two structs, `left` and `right`.
 *
 * Owns: what a condition on both calls their columns, and which columns a join therefore keeps.
 */
import { columnsRead, type ExprNode } from '../expr/index.ts';
import type { JoinNode } from './logical.ts';

export const sideNames = ['left', 'right'] as const;
export type SideName = (typeof sideNames)[number];

/** The columns of one side that a condition reads, each once. */
export function columnsOfSide(condition: ExprNode | undefined, side: number): readonly string[] {
  if (condition === undefined) return [];
  const read = columnsRead([condition]).filter(({ path }) => path[0] === sideNames[side]);
  return [...new Set(read.map(({ path }) => path[1]!))].toSorted();
}

/** The columns of one side that are kept: those that the result has, in its order, then those that only the condition reads. */
export function keptColumns(
  { columns = [], condition }: Pick<JoinNode, 'columns' | 'condition'>,
  side: number,
): readonly string[] {
  const given = columns.flatMap((column) => column[sideNames[side]!] ?? []);
  return [...given, ...columnsOfSide(condition, side).filter((name) => !given.includes(name))];
}

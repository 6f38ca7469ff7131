/** Between rows that change, and rows that say what happens to them. */
import type { LogicalNode, NodeBase } from './logical.ts';

/** What happens to the rows of its input, as rows that do not change: each with how it came about, in the column `op` behind its own (`changeOps`). */
export interface ChangelogNode extends NodeBase {
  readonly kind: 'changelog';
  readonly input: LogicalNode;
}
/** Rows that say in a column what happens to them, as what happens: those that come, and those that are taken back. The column is not in its rows. */
export interface ChangesNode extends NodeBase {
  readonly kind: 'changes';
  readonly input: LogicalNode;
  readonly op: string;
  /** What its values mean: a row like this one comes, or is taken back. */
  readonly takesBack: Readonly<Record<string, boolean>>;
}
/** Of each key the last row is there, and takes the place of the one before. */
export interface UpsertsNode extends NodeBase {
  readonly kind: 'upserts';
  readonly input: LogicalNode;
  readonly keys: readonly string[];
  /** Where this column is true, the row of its key is gone. */
  readonly deleted?: string;
  /** A row is gone for which none has come for so long, by the time of epochs; absent: never. */
  readonly ttlMs?: number;
}

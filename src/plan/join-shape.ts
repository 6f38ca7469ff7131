/** What the nodes of joins consist of: which rows they give, of which columns, and how far times may lie apart. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';
/** A column of the result: the left row's, or where there is none, or no such column, the right row's. */
export interface JoinColumn {
  readonly name: string;
  readonly left?: string;
  readonly right?: string;
}
/**
 * Which times two rows may have that belong together: right time - left time lies in [lowMs, highMs], of which `lowMs` is -Infinity where versions
 * may be of any age. The times are columns: timestamps, or windows, whose time is their last millisecond.
 */
export interface JoinBound {
  readonly left: string;
  readonly right: string;
  readonly lowMs: number;
  readonly highMs: number;
}

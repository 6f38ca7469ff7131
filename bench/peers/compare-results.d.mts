export interface ResultCounts {
  readonly rows: number;
  readonly emissions: number;
  readonly malformed: number;
}

export interface Surplus {
  readonly count: number;
  readonly examples: readonly string[];
}

export interface Comparison {
  readonly equal: boolean;
  readonly ours: ResultCounts;
  readonly theirs: ResultCounts;
  /** What only theirs has. */
  readonly missing: Surplus;
  /** What only ours has. */
  readonly unexpected: Surplus;
}

export function compareResults(name: string, ours: Iterable<object>, theirs: Iterable<object>): Comparison;
export function countResults(name: string, rows: Iterable<object>): ResultCounts;

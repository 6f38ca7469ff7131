/**
 * The same job with less to do: neighbouring projections become one, sources leave out rows and columns that nobody needs, and rows are
 * combined before they are sent to an aggregation, or no more sent than a limit lets through. Ids and states of operators do not change by it (identity.ts).
 */
import { Combining } from './combine.ts';
import { Fusing } from './fuse.ts';
import { KeepingLate } from './keep-late.ts';
import type { LogicalJob } from './logical.ts';
import { Pruning } from './prune.ts';
import { LocalLimits } from './local-limit.ts';
import { FilterPushdown } from './filter-pushdown.ts';
import { rewritten } from './rewrite.ts';

export function optimizeJob(job: LogicalJob): LogicalJob {
  return [KeepingLate, Fusing, FilterPushdown, Pruning, Combining, LocalLimits].reduce<LogicalJob>(
    (shaped, Pass) => rewritten(shaped, (all) => new Pass(all)),
    job,
  );
}

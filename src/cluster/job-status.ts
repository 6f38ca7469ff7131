/** Gathers what a running job says of itself. */
import type { Coordinator } from '../coordinator/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { Totals } from '../state/index.ts';
import type { JobReport, JobState, JobStatus } from './status.ts';
import type { SubtaskFacts } from './subtask-facts.ts';
import { windowsOf } from './windows-status.ts';
import type { Workers } from './workers.ts';

/** After this long without progress for want of room below, the job is throttled. */
const throttledAfterMs = 1000;

export function statusOf(
  plan: PhysicalPlan,
  coordinator: Coordinator,
  subtasks: readonly SubtaskFacts[],
  { count, spares }: Pick<Workers, 'count' | 'spares'>,
): JobStatus {
  const totals = totalsNow(coordinator, subtasks);
  const { error } = coordinator;
  return {
    job: plan.job.name,
    state: stateOf(coordinator, subtasks),
    generation: coordinator.generation,
    parallelism: plan.parallelism,
    workers: count,
    spares,
    report: reportOf(plan.job.name, coordinator, totals),
    totals: {
      rowsIn: totals.rowsIn,
      rowsOut: totals.rowsOut,
      rowsLate: totals.late,
      deadLetters: totals.deadLetters,
      duplicates: totals.duplicates,
      checkpoints: totals.checkpoints,
      restores: totals.restores,
    },
    watermark: leastWatermark(subtasks),
    nextWindowEnd: least(subtasks.flatMap(({ windows }) => windows.map(({ nextWindowEnd }) => nextWindowEnd))),
    heldBackBy: heldBackBy(subtasks),
    stateRows: subtasks.reduce((sum, { status }) => sum + status.stateRows, 0),
    windows: windowsOf(plan, subtasks),
    subtasks: subtasks.map(({ status }) => status),
    checkpoints: coordinator.history.entries,
    error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
  };
}

/** Once the job is over: exactly what its last checkpoint says; before: that and what came since. */
function totalsNow(coordinator: Coordinator, subtasks: readonly SubtaskFacts[]): Totals {
  const over = coordinator.state === 'done' || coordinator.state === 'closing';
  if (over && coordinator.latest !== null)
    return { ...coordinator.latest.totals, restores: Math.max(coordinator.latest.totals.restores, coordinator.base.restores) };
  const { base } = coordinator;
  const sum = { ...base, checkpoints: base.checkpoints + coordinator.history.completedCount };
  for (const { counters } of subtasks) {
    sum.rowsIn += counters.rowsIn;
    sum.rowsOut += counters.rowsOut;
    sum.late += counters.late;
    sum.deadLetters += counters.deadLetters;
    sum.duplicates += counters.duplicates;
  }
  return sum;
}

function reportOf(job: string, coordinator: Coordinator, totals: Totals): JobReport {
  const { started } = coordinator;
  return {
    job,
    epoch: coordinator.latest?.epoch ?? 0,
    restoredFrom: started.epoch,
    position: started.totals.rowsIn,
    rowsIn: totals.rowsIn - started.totals.rowsIn,
    rowsOut: totals.rowsOut - started.totals.rowsOut,
    rowsLate: totals.late - started.totals.late,
    deadLetters: totals.deadLetters - started.totals.deadLetters,
    restarts: coordinator.restarts,
  };
}

function stateOf(coordinator: Coordinator, subtasks: readonly SubtaskFacts[]): JobState {
  switch (coordinator.state) {
    case 'loading':
      return 'starting';
    case 'deploying':
    case 'recommitting':
      return 'restoring';
    case 'running':
      return isThrottled(subtasks) ? 'throttled' : 'running';
    case 'tearingDown':
    case 'backingOff':
      return 'restarting';
    case 'closing':
      return 'stopping';
    case 'done':
      return coordinator.hasFinished ? 'finished' : 'stopped';
    default:
      return 'failed';
  }
}

/** Sources have rows and cannot pass them on. */
function isThrottled(subtasks: readonly SubtaskFacts[]): boolean {
  return subtasks.some(({ throttledFor }) => throttledFor >= throttledAfterMs);
}

function leastWatermark(subtasks: readonly SubtaskFacts[]): number | null {
  return least(subtasks.map(({ status }) => status.watermark));
}

/** The active split with the least watermark. */
function heldBackBy(subtasks: readonly SubtaskFacts[]): string | null {
  const active = subtasks.flatMap(({ status }) => status.splits).filter(({ state }) => state === 'active');
  const of = (watermark: number | null): number => watermark ?? -Infinity;
  return active.toSorted((a, b) => of(a.watermark) - of(b.watermark))[0]?.split ?? null;
}

function least(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : Math.min(...numbers);
}

/** Gathers what a running job says of itself. */
import type { Subtask } from '../actors/index.ts';
import type { Coordinator } from '../coordinator/index.ts';
import type { Clock } from '../core/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { Totals } from '../state/index.ts';
import type { JobReport, JobState, JobStatus, SubtaskStatus } from './status.ts';

/** After this long without progress for want of room below, the job is throttled. */
const throttledAfterMs = 1000;

export function statusOf(plan: PhysicalPlan, coordinator: Coordinator, subtasks: readonly Subtask[], clock: Clock): JobStatus {
  const totals = totalsNow(coordinator, subtasks);
  const { error } = coordinator;
  return {
    job: plan.job.name,
    state: stateOf(coordinator, subtasks, clock),
    generation: coordinator.generation,
    parallelism: plan.parallelism,
    report: reportOf(plan.job.name, coordinator, totals),
    totals: {
      rowsIn: totals.rowsIn,
      rowsOut: totals.rowsOut,
      rowsLate: totals.late,
      deadLetters: totals.deadLetters,
      checkpoints: totals.checkpoints,
      restores: totals.restores,
    },
    watermark: leastWatermark(subtasks),
    nextWindowEnd: least(subtasks.map((subtask) => subtask.nextWindowEnd())),
    heldBackBy: heldBackBy(subtasks),
    stateRows: subtasks.reduce((sum, subtask) => sum + subtask.stateRows, 0),
    subtasks: subtasks.map((subtask) => subtaskStatus(subtask, clock)),
    checkpoints: coordinator.history.entries,
    error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
  };
}

/** Once the job is over: exactly what its last checkpoint says; before: that and what came since. */
function totalsNow(coordinator: Coordinator, subtasks: readonly Subtask[]): Totals {
  const over = coordinator.state === 'done' || coordinator.state === 'closing';
  if (over && coordinator.latest !== null)
    return { ...coordinator.latest.totals, restores: Math.max(coordinator.latest.totals.restores, coordinator.base.restores) };
  const { base } = coordinator;
  const sum = { ...base, checkpoints: base.checkpoints + coordinator.history.completedCount };
  for (const subtask of subtasks) {
    const counters = subtask.counters();
    sum.rowsIn += counters.rowsIn;
    sum.rowsOut += counters.rowsOut;
    sum.late += counters.late;
    sum.deadLetters += counters.deadLetters;
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

function stateOf(coordinator: Coordinator, subtasks: readonly Subtask[], clock: Clock): JobState {
  switch (coordinator.state) {
    case 'loading':
      return 'starting';
    case 'deploying':
    case 'recommitting':
      return 'restoring';
    case 'running':
      return isThrottled(subtasks, clock.monotonic()) ? 'throttled' : 'running';
    case 'tearingDown':
    case 'backingOff':
      return 'restarting';
    case 'closing':
      return 'stopping';
    case 'done':
      return coordinator.latest?.finished === true ? 'finished' : 'stopped';
    default:
      return 'failed';
  }
}

/** Sources have rows and cannot pass them on. */
function isThrottled(subtasks: readonly Subtask[], now: number): boolean {
  return subtasks.some((subtask) => subtask.feed !== null && (subtask.task?.heldBackFor(now) ?? 0) >= throttledAfterMs);
}

function subtaskStatus(subtask: Subtask, clock: Clock): SubtaskStatus {
  const counters = subtask.counters();
  const rows = subtask.rows();
  const { task, feed } = subtask;
  const ratios = task?.ratios(clock.monotonic()) ?? { busy: 0, heldBack: 0 };
  return {
    stage: subtask.stage.label,
    operators: subtask.stage.operators.map(({ id }) => id),
    subtask: subtask.index,
    state: String(subtask.machine.getSnapshot().value),
    rowsIn: feed === null ? rows.in : counters.rowsIn,
    rowsOut: rows.out,
    late: counters.late,
    deadLetters: counters.deadLetters,
    watermark: finite(task?.watermark ?? -Infinity),
    busy: ratios.busy,
    backpressured: ratios.heldBack,
    stateRows: subtask.stateRows,
    splits: (feed?.splits ?? []).map(({ split, state, records }) => ({
      split,
      state,
      records,
      watermark: finite(subtask.splitWatermark(split)),
    })),
  };
}

function leastWatermark(subtasks: readonly Subtask[]): number | null {
  const sinks = subtasks.map((subtask) => subtask.task?.watermark ?? -Infinity).filter((watermark) => watermark > -Infinity);
  return sinks.length === 0 ? null : finite(Math.min(...sinks));
}

/** The active split with the least watermark. */
function heldBackBy(subtasks: readonly Subtask[]): string | null {
  let least: { split: string; watermark: number } | null = null;
  for (const subtask of subtasks) {
    for (const { split, state } of subtask.feed?.splits ?? []) {
      const watermark = subtask.splitWatermark(split);
      if (state === 'active' && (least === null || watermark < least.watermark)) least = { split, watermark };
    }
  }
  return least?.split ?? null;
}

function least(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : Math.min(...numbers);
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

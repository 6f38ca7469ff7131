/**
 * What `/metrics` tells, made of a job's status alone: names and units as Prometheus wants them, base units, bounded labels
 * (one series a subtask; never one a key, a split or an epoch). Counters start at 0 with the process.
 */
import type { JobStatus, SubtaskStatus } from '../cluster/index.ts';
import type { CheckpointEntry } from '../coordinator/index.ts';
import type { Metric, Sample } from './prometheus-text.ts';

export interface Build {
  readonly version: string;
  readonly node: string;
}

type OfSubtask = (subtask: SubtaskStatus) => number | null;
type OfJob = (job: JobStatus) => number | null;

/** @param nowMs wall time, for the watermark's lag */
export function metricsOf(jobs: readonly JobStatus[], build: Build, nowMs: number): Metric[] {
  const perSubtask = (name: string, type: Metric['type'], help: string, value: OfSubtask): Metric => ({
    name: `weir_${name}`,
    type,
    help,
    samples: jobs.flatMap((job) =>
      job.subtasks.flatMap((subtask) =>
        sample({ job: job.job, operator: subtask.stage, subtask: subtask.subtask }, value(subtask)),
      ),
    ),
  });
  const perJob = (name: string, type: Metric['type'], help: string, value: OfJob): Metric => ({
    name: `weir_${name}`,
    type,
    help,
    samples: jobs.flatMap((job) => sample({ job: job.job }, value(job))),
  });
  return [
    perSubtask('records_in_total', 'counter', 'Rows that the subtask took.', (subtask) => subtask.rowsIn),
    perSubtask('records_out_total', 'counter', 'Rows that the subtask gave.', (subtask) => subtask.rowsOut),
    perSubtask('late_records_total', 'counter', 'Rows that came after all their windows had closed.', (subtask) => subtask.late),
    perSubtask('dead_letters_total', 'counter', 'Records that nobody could take.', (subtask) => subtask.deadLetters),
    perSubtask('duplicates_total', 'counter', 'Rows that had come before, and were left out.', (subtask) => subtask.duplicates),
    perSubtask('busy_ratio', 'gauge', 'Share of the last second spent working.', (subtask) => subtask.busy),
    perSubtask(
      'backpressured_ratio',
      'gauge',
      'Share of the last second spent waiting for credit.',
      (subtask) => subtask.backpressured,
    ),
    perSubtask('watermark_lag_seconds', 'gauge', 'How far the watermark is behind the clock.', ({ watermark }) =>
      finite(watermark) ? (nowMs - watermark) / 1000 : null,
    ),
    perSubtask('paused_splits', 'gauge', 'Splits that wait for others of their group (`align`).', ({ splits }) =>
      splits.some(({ alignment }) => alignment !== undefined)
        ? splits.filter(({ alignment }) => alignment?.paused === true).length
        : null,
    ),
    perSubtask('state_rows', 'gauge', 'Entries of keyed state.', (subtask) => subtask.stateRows),
    perJob('checkpoint_duration_seconds', 'gauge', 'Of the last complete checkpoint, from trigger to pointer.', (job) =>
      seconds(lastComplete(job)?.durationMs),
    ),
    perJob(
      'checkpoint_size_bytes',
      'gauge',
      'Bytes written for the last complete checkpoint.',
      (job) => lastComplete(job)?.bytes ?? null,
    ),
    perJob('last_checkpoint_timestamp_seconds', 'gauge', 'When the last complete checkpoint was complete.', (job) =>
      completedAt(lastComplete(job)),
    ),
    perJob('checkpoints_total', 'counter', 'Complete checkpoints in the life of the state.', (job) => job.totals.checkpoints),
    perJob('restarts_total', 'counter', 'Restarts within this process.', (job) => job.report.restarts),
    {
      name: 'weir_build_info',
      type: 'gauge',
      help: 'Always 1; the labels say what runs.',
      samples: [{ labels: { ...build }, value: 1 }],
    },
  ];
}

function sample(labels: Sample['labels'], value: number | null): Sample[] {
  return value === null ? [] : [{ labels, value }];
}

const finite = (value: number | null): value is number => value !== null && Number.isFinite(value);
const seconds = (ms: number | null | undefined): number | null => (ms === null || ms === undefined ? null : ms / 1000);
const lastComplete = (job: JobStatus): CheckpointEntry | undefined => job.checkpoints.find(({ state }) => state === 'completed');
const completedAt = (checkpoint: CheckpointEntry | undefined): number | null =>
  checkpoint === undefined ? null : (checkpoint.triggered + (checkpoint.durationMs ?? 0)) / 1000;

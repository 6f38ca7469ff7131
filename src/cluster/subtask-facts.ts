/** What a worker says of its subtasks: plain data, so that it may come from another process. */
import type { Subtask } from '../actors/index.ts';
import type { Clock } from '../core/index.ts';
import { openKeys } from '../plan/index.ts';
import type { Counters } from '../state/index.ts';
import type { SplitStatus, SubtaskStatus } from './status.ts';

export interface SubtaskFacts {
  readonly status: SubtaskStatus;
  /** Since the generation began. */
  readonly counters: Counters;
  /** Of its operators that hold something of a key open. */
  readonly windows: readonly {
    readonly operator: string;
    readonly watermark: number | null;
    readonly nextWindowEnd: number | null;
  }[];
  /** Rows that were late, of the operators that had any; since the generation began. */
  readonly late: readonly { readonly operator: string; readonly rows: number }[];
  /** ms for which it has had rows of a source and no room to pass them on. */
  readonly throttledFor: number;
}

export function factsOf(worker: string, subtasks: readonly Subtask[], clock: Clock): readonly SubtaskFacts[] {
  const now = clock.monotonic();
  return subtasks.map((subtask) => ({
    status: statusOf(worker, subtask, now),
    counters: subtask.counters(),
    windows: windowsOf(subtask),
    late: subtask.operators.flatMap(({ planned: { id }, counters: { late } }) =>
      late === 0 ? [] : [{ operator: id, rows: late }],
    ),
    throttledFor: subtask.feed === null ? 0 : (subtask.task?.heldBackFor(now) ?? 0),
  }));
}

function statusOf(worker: string, subtask: Subtask, now: number): SubtaskStatus {
  const counters = subtask.counters();
  const rows = subtask.rows();
  const { task, feed } = subtask;
  const ratios = task?.ratios(now) ?? { busy: 0, heldBack: 0 };
  return {
    stage: subtask.stage.label,
    operators: subtask.stage.operators.map(({ id }) => id),
    subtask: subtask.index,
    worker,
    state: String(subtask.machine.getSnapshot().value),
    rowsIn: feed === null ? rows.in : counters.rowsIn,
    rowsOut: rows.out,
    late: counters.late,
    deadLetters: counters.deadLetters,
    duplicates: counters.duplicates,
    watermark: finite(task?.watermark ?? -Infinity),
    busy: ratios.busy,
    backpressured: ratios.heldBack,
    stateRows: subtask.stateRows,
    splits: (feed?.splits ?? []).map(({ split, state, records }) => ({
      split,
      state: state === 'pending' ? 'active' : state,
      records,
      watermark: finite(subtask.splitWatermark(split)),
      ...alignmentOf(subtask, split),
    })),
  };
}

function alignmentOf({ alignment, feed }: Subtask, split: string): Pick<SplitStatus, 'alignment'> {
  return alignment === null ? {} : { alignment: { ...alignment.align, paused: feed!.isPaused(split) } };
}

/** How far its aggregations, and what else holds something open, have come. */
function windowsOf({ operators }: Subtask): SubtaskFacts['windows'] {
  return operators.flatMap(({ planned: { id, node }, operator: { nextWindowEnd }, watermark }) =>
    openKeys(node) !== undefined ? [{ operator: id, watermark: finite(watermark), nextWindowEnd: nextWindowEnd ?? null }] : [],
  );
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** What a running job says of itself: plain data, made anew at each call. Read by the CLI, the HTTP API and metrics. */
import type { CheckpointEntry } from '../coordinator/index.ts';
import type { OpenKind } from '../plan/index.ts';
import type { JobStores } from '../state/index.ts';
import type { Why } from './why.ts';

export type JobState =
  | 'starting'
  | 'restoring'
  | 'running'
  | 'throttled'
  | 'restarting'
  | 'stopping'
  | 'finished'
  | 'stopped'
  | 'failed';

/** What this process has added, exactly: rows rolled back by a restore are not counted twice. */
export interface JobReport {
  readonly job: string;
  /** Of the last complete checkpoint; 0 = none yet. */
  readonly epoch: number;
  /** The checkpoint that this process started from, or null. */
  readonly restoredFrom: number | null;
  /** Input records that lay before that checkpoint. */
  readonly position: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly rowsLate: number;
  readonly deadLetters: number;
  /** Restarts within this process. */
  readonly restarts: number;
}

export interface SubtaskStatus {
  readonly stage: string;
  readonly operators: readonly string[];
  readonly subtask: number;
  /** The worker that runs it, by the name under which it joined. */
  readonly worker: string;
  readonly state: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly late: number;
  readonly deadLetters: number;
  /** Rows that `dropDuplicates` left out. */
  readonly duplicates: number;
  /** ms; null before the first. */
  readonly watermark: number | null;
  /** Share of the last second spent working, and spent blocked without credit; 0 to 1. */
  readonly busy: number;
  readonly backpressured: number;
  readonly stateRows: number;
  readonly splits: readonly SplitStatus[];
}
export interface SplitStatus {
  readonly split: string;
  readonly state: 'active' | 'idle' | 'ended';
  readonly records: number;
  readonly watermark: number | null;
  /** Absent: it is read by itself. */
  readonly alignment?: SplitAlignmentStatus;
}
export interface SplitAlignmentStatus {
  readonly group: string;
  readonly maxDriftMs: number;
  /** It has rows, and is further ahead of the least of its group than that: they wait. */
  readonly paused: boolean;
}

/** The windows of one operator, or what else it holds open. */
export interface WindowsStatus {
  readonly operator: string;
  readonly kind: OpenKind;
  /** Rows that were late there, since the job was started or restarted last. */
  readonly rowsLate: number;
  /** The least over its subtasks, ms; null before the first. */
  readonly watermark: number | null;
  /** Of windows that a watermark closes: end of the earliest that holds rows and is not closed, ms; null = none. */
  readonly nextWindowEnd: number | null;
  /** They stay open so long after their end. */
  readonly latenessMs: number;
  /** Those whose splits its watermark is the least of. */
  readonly sources: readonly WindowSource[];
}
export interface WindowSource {
  /** Its operator. */
  readonly source: string;
  /** Null: it has a strategy instead. */
  readonly delayMs: number | null;
  /** 0 = never idle for being silent. */
  readonly idleAfterMs: number;
}

export interface JobStatus {
  readonly job: string;
  readonly state: JobState;
  readonly generation: number;
  readonly parallelism: number;
  /** Processes that run subtasks; 1 where the job runs in one. */
  readonly workers: number;
  /** Workers that run nothing, and have read what they may have to restore: one that is lost is replaced at once. */
  readonly spares: number;
  readonly report: JobReport;
  /** Totals over the whole life of the job's state, this process included. */
  readonly totals: {
    readonly rowsIn: number;
    readonly rowsOut: number;
    readonly rowsLate: number;
    readonly deadLetters: number;
    /** Rows that `dropDuplicates` left out. */
    readonly duplicates: number;
    readonly checkpoints: number;
    readonly restores: number;
  };
  /** The least watermark of all operators that have one; ms. */
  readonly watermark: number | null;
  /** End of the earliest open window, ms, and the split that holds the watermark back. */
  readonly nextWindowEnd: number | null;
  readonly heldBackBy: string | null;
  readonly stateRows: number;
  /** Of each operator that holds something of a key open: windows, rows of a join, keys that it remembers, timers. */
  readonly windows: readonly WindowsStatus[];
  readonly subtasks: readonly SubtaskStatus[];
  /** The last 20, newest first. */
  readonly checkpoints: readonly CheckpointEntry[];
  /** The last error that restarted or failed the job. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

export interface RunningJob {
  readonly name: string;
  /** Resolves when the job has finished or was stopped; rejects with a WeirError when it failed. */
  readonly finished: Promise<JobReport>;
  /** Final checkpoint, commit, end. Calling again is allowed. */
  stop(): Promise<JobReport>;
  /** Takes a checkpoint now and resolves once it is complete and committed. */
  checkpoint(): Promise<number>;
  /** Takes a checkpoint now and copies all that it needs into stores that are empty; resolves with its epoch. */
  savepoint(to: JobStores): Promise<number>;
  /** Ends at once, as a crash would: nothing is flushed. */
  kill(): Promise<void>;
  status(): JobStatus;
  /**
   * Why windows are open, of all operators or of one; with a key, which of that key's.
   *
   * @throws WeirError `E_USAGE` for an operator that holds nothing of a key open, and for what is no key of it; `E_CLOSURE` if an aggregate throws that is asked what it has come to; `E_STUCK` if whoever has the key does not answer
   */
  why(operator?: string, key?: string): Promise<Why>;
}

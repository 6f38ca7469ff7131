/// <reference lib="esnext.disposable" preserve="true" />
/** A running job as programs see it, and how it is started. Types only. */
import type { Duration, Epoch, Trigger } from '../core/index.ts';
import type { Timestamp } from './values.ts';

export interface RunOptions {
  /** Aborting takes a final checkpoint, commits and stops. */
  readonly signal?: AbortSignal;
  /** `auto` unless said; `memory` is this process alone, `threads` too, with worker threads. */
  readonly transport?: 'auto' | 'memory' | 'threads' | 'spawn' | `nats://${string}`;
  /** Where the job's state is kept (`.weir`). */
  readonly stateDir?: string;
  /** A job that has no state yet goes on from this savepoint: the directory that `savepoint()` has written. */
  readonly fromSavepoint?: string;
  /**
   * `continuous` unless said. `available-now` reads what is there when the job starts (each source's end is fixed then), takes a final
   * checkpoint in which goes out what the watermark has closed, and finishes; the next run goes on from there. Windows that are still
   * open stay open, unlike at the end of a bounded source. `once`: the same in one epoch, as long as what is read fits into one.
   * `{ every }`: an epoch in each interval, instead of the pipeline's `checkpointEvery`.
   *
   * @throws WeirError `E_USAGE` for another one, `E_PLAN` where a source has no present end (a socket, a generator without end)
   */
  readonly trigger?: Trigger;
}
/** Of a job that a module exports. */
export interface ModuleRunOptions extends RunOptions {
  /** Processes beside this one, or threads of it, which are replaced when they die (`threads`, `spawn`: 2; on NATS: 1). */
  readonly workers?: number;
  /** What the module's function is given. */
  readonly params?: Readonly<Record<string, string | number | boolean>>;
}
export interface Job extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the job has finished or was stopped; rejects with a `WeirError` when it failed. */
  readonly finished: Promise<JobReport>;
  /** Final checkpoint, commit, end. `await using` does this too. */
  stop(options?: { readonly within?: Duration }): Promise<JobReport>;
  /** Takes a checkpoint, once the job runs, and resolves when it is complete and its results are out. */
  checkpoint(): Promise<Epoch>;
  /**
   * A checkpoint that you own, in a directory that does not exist yet: it is kept until you delete it. Results are not in it;
   * a sink goes on from what it had committed then, and says so if it does not find it.
   */
  savepoint(directory: string): Promise<void>;
  /** One value per epoch, as Spark's StreamingQueryProgress. */
  progress(): AsyncIterable<Progress>;
}
export interface JobReport {
  readonly epoch: Epoch;
  readonly restarts: number;
  readonly restoredFrom: Epoch | null;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly rowsLate: number;
  readonly deadLetters: number;
}
export interface Progress extends JobReport {
  readonly watermark: Timestamp | null;
  readonly rowsInPerSecond: number;
  readonly checkpointMs: number;
  readonly stateRows: number;
}

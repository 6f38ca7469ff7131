/** What a file for `weir chaos --check` works with. */
import type { NatsConnection } from '@nats-io/transport-node';

export interface ChaosWorld {
  /** Of the server, with no fault between: `nats://127.0.0.1:PORT` */
  readonly url: string;
  /** A connection to it that outlives its restarts: what is requested while it is away fails, and is to be tried again. */
  readonly nats: NatsConnection;
  /** Words behind `--`, as the job has them. */
  readonly params: readonly string[];
  /** A folder that is gone after the run. */
  readonly directory: string;
  /** Uniform in [0, 1), from the seed of the run. */
  random(): number;
}

/** How the output differs from that of an undisturbed run, in rows. */
export interface ChaosFindings {
  readonly lost: number;
  readonly duplicated: number;
  /** In another order than within a key they may be. */
  readonly reordered: number;
  /** What there was to expect: to be seen by people. */
  readonly rows?: number;
}

/** The exports of a check file. */
export interface ChaosFile {
  /** Before the job starts, on a server that is empty: makes the streams that it needs. */
  readonly setup?: (world: ChaosWorld) => void | Promise<void>;
  /** Once the job has completed a checkpoint: resolves when faults may begin. */
  readonly ready?: (world: ChaosWorld) => void | Promise<void>;
  /** While it runs: the input, until `signal` aborts. Resolves once everything that was sent is there to be read. */
  readonly workload?: (world: ChaosWorld & { readonly signal: AbortSignal }) => void | Promise<void>;
  /**
   * The default export, after all faults: reads back what the job wrote. It is called again while rows are missing and more come.
   */
  readonly check: (world: ChaosWorld) => ChaosFindings | Promise<ChaosFindings>;
}

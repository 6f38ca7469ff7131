/** The outside of a worker, injected: everything that is not a pure decision comes in through here. */
import type { Clock, Logger, Sabotage } from '../core/index.ts';
import type { JobStores, TableLimits } from '../state/index.ts';
import type { ChannelId, Transport } from '../transport/index.ts';

export interface WorkerEnvironment {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs a function after pending I/O had its turn. */
  readonly defer: (run: () => void) => void;
  readonly stores: JobStores;
  /** The channels of one generation. `isLocal`: both ends of the channel are in this worker. */
  readonly transport: (generation: number, isLocal: (id: ChannelId) => boolean) => Transport;
  /** Asks the coordinator to `assist` a source of the plan; undefined: it is in this process. */
  readonly assist?: (source: string, request: unknown) => Promise<unknown>;
  /** Bytes that the sources of a job may read between two barriers. */
  readonly epochBytesMax: number;
  /** Entries of a snapshot that are encoded before other work has its turn (2000). */
  readonly entriesPerStep?: number;
  /** From which sizes on tables of state do what only large ones need (see state/heap-table.ts). */
  readonly tableLimits?: TableLimits;
  /** Tests only: what is to be broken. */
  readonly sabotage?: Sabotage;
}

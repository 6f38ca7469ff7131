/**
 * What a sink is: write, stage at the barrier, commit once the checkpoint is complete.
 *
 * Owns: the contract between connectors and the sink operator (sink-operator.ts), which keeps staged epochs in the
 * snapshot until they are known to be committed, and hands each to `commit` in order, again after a restore.
 * Invariants: C3 nothing that `write` was given is visible before `commit`, unless the guarantee says at-least-once;
 * C4 `commit` of an epoch that was committed before changes nothing.
 */
import type { Batch } from '../batch/index.ts';
import type { Clock, Epoch, Logger, SabotageName, WeirError } from '../core/index.ts';
import type { SinkInfo } from '../plan/index.ts';
import type { BrokerAccess } from './broker-access.ts';
import type { CommitPermit } from './operator.ts';

export interface SinkContext {
  readonly job: string;
  readonly operator: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly generation: number;
  /** One life of the job's state: another where it began anew. */
  readonly incarnation: string;
  /** The checkpoint that this generation goes on from; 0 = none. */
  readonly restoredEpoch: number;
  /** True in the first generation of a job's state: nothing was ever committed by it. */
  readonly fresh: boolean;
  readonly mode: 'append' | 'update' | 'complete';
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** While `write` runs: sets a row aside that cannot be written. Throws the fault instead if the job has nowhere to put it. */
  readonly setAside?: (batch: Batch, row: number, fault: WeirError) => void;
  /** Tests only. */
  readonly sabotage?: SabotageName;
}

export interface SinkWriter {
  write(batch: Batch): void | Promise<void>;
  /** What was written since the last call, as plain msgpack data (bytes for anything long), and the writer's own state after it. Undefined = nothing to commit. `replaced`: a complete result was due at this barrier, even if it has no rows. */
  stage(epoch: Epoch, replaced: boolean): unknown | Promise<unknown>;
  commit(permit: CommitPermit, staged: unknown): Promise<void>;
  close?(): Promise<void>;
  /** State between epochs, in every snapshot: plain msgpack data. */
  snapshot?(): unknown;
}

export interface SinkDefinition extends SinkInfo {
  /** `state` = what `snapshot` gave in the checkpoint that is restored, one per earlier subtask. */
  open(context: SinkContext, state: readonly unknown[]): Promise<SinkWriter>;
  /** What it does on a NATS server. */
  readonly access?: BrokerAccess;
}

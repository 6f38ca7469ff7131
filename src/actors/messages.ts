/**
 * The conversation between the coordinator of a job and the supervisors of its workers. Plain data: it crosses processes.
 *
 * | message   | from → to               | when                                                              |
 * |-----------|-------------------------|-------------------------------------------------------------------|
 * | deploy    | coordinator → supervisor | a generation begins: build and restore these subtasks            |
 * | deployed  | supervisor → coordinator | all of them are restored and wait                                 |
 * | start     | coordinator → supervisor | every supervisor has deployed                                     |
 * | trigger   | coordinator → supervisor | an epoch opens: sources emit its barrier                          |
 * | ack       | supervisor → coordinator | a subtask's snapshot of the epoch is durable                      |
 * | decline   | supervisor → coordinator | a subtask cannot snapshot the epoch                               |
 * | abort     | coordinator → supervisor | the epoch is given up; also implied by the next barrier           |
 * | commit    | coordinator → supervisor | the checkpoint is complete: sinks publish, sources may release    |
 * | committed | supervisor → coordinator | a subtask's sinks have published it                               |
 * | exhausted | supervisor → coordinator | all splits of a source subtask have ended, or this run's part of them |
 * | hurry     | supervisor → coordinator | a source has used up what it may read within one epoch            |
 * | reached   | supervisor → coordinator | how far the splits of a source are that is read together with others |
 * | align     | coordinator → supervisor | how far all of the group are: some may be read on                |
 * | look      | coordinator → supervisor | somebody asks what of a key is open                               |
 * | seen      | supervisor → coordinator | that, at this moment                                              |
 * | failed    | supervisor → coordinator | a subtask failed: its generation is lost                          |
 * | teardown  | coordinator → supervisor | close every subtask of the generation, whatever it does           |
 * | tornDown  | supervisor → coordinator | they are closed                                                   |
 */
import type { Epoch, Generation, OperatorId, WeirError } from '../core/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { OpenGroup } from '../operators/index.ts';
import type { Manifest, SubtaskSnapshot } from '../state/index.ts';

/** Where one subtask runs, and what it reads. */
export interface Assignment {
  readonly stage: number;
  readonly subtask: number;
  /** Sources: the splits it reads. */
  readonly splits: readonly string[];
}

/** What is there of a source when a run begins that ends with it. */
export interface SourceDrain {
  readonly splits: readonly string[];
  /** Split → where it ends, for those that do not end by themselves. */
  readonly until: Readonly<Record<string, unknown>>;
}

export interface Deployment {
  readonly generation: Generation;
  /** Of the job's state. */
  readonly incarnation: string;
  /** Of the plan; a worker with another one is refused. */
  readonly fingerprint: string;
  readonly assignments: readonly Assignment[];
  /** Subtasks of sources, wherever they run, that have no split to read: they hold no watermark back, from the first row on. */
  readonly withoutSplits: readonly string[];
  /** The checkpoint to restore, or null for a fresh start. */
  readonly restore: Manifest | null;
  /** Source → what this run reads of it: to the end that there is now, and no further; null = for ever. */
  readonly drain: Readonly<Record<string, SourceDrain>> | null;
  /** The first epoch that this generation opens. */
  readonly firstEpoch: number;
  /** The time of the barrier before the first epoch, ms; of the first deployment where there is none. */
  readonly epochTime: number;
  /** Operators that run guarded: their closure failed in an earlier generation. */
  readonly guarded: readonly OperatorId[];
}

/** A key in the operator that has its state. */
export interface SeenKey {
  /** Of the operator, there; -Infinity before the first. */
  readonly watermark: number;
  readonly open: readonly OpenGroup[];
  /** Nothing can be told: what a function of the user's threw. */
  readonly error?: string;
}

export type ToSupervisor =
  | { readonly kind: 'deploy'; readonly deployment: Deployment }
  | { readonly kind: 'start'; readonly generation: Generation }
  | { readonly kind: 'trigger'; readonly generation: Generation; readonly barrier: Barrier }
  | { readonly kind: 'abort'; readonly generation: Generation; readonly epoch: Epoch }
  | { readonly kind: 'align'; readonly generation: Generation; readonly group: string; readonly least: number }
  /** `key` in canonical form. */
  | {
      readonly kind: 'look';
      readonly generation: Generation;
      readonly question: number;
      readonly operator: string;
      readonly subtask: number;
      readonly key: string;
    }
  /** `oldest`: the oldest checkpoint that is kept. */
  | { readonly kind: 'commit'; readonly generation: Generation; readonly epoch: Epoch; readonly oldest: number }
  | { readonly kind: 'teardown'; readonly generation: Generation };

export type ToCoordinator =
  | { readonly kind: 'deployed'; readonly generation: Generation; readonly worker: string }
  | { readonly kind: 'ack'; readonly generation: Generation; readonly epoch: Epoch; readonly snapshot: SubtaskSnapshot }
  | {
      readonly kind: 'decline';
      readonly generation: Generation;
      readonly epoch: Epoch;
      readonly subtask: string;
      readonly reason: string;
    }
  | { readonly kind: 'committed'; readonly generation: Generation; readonly epoch: Epoch; readonly subtask: string }
  | { readonly kind: 'exhausted'; readonly generation: Generation; readonly subtask: string }
  | { readonly kind: 'hurry'; readonly generation: Generation }
  | { readonly kind: 'seen'; readonly generation: Generation; readonly question: number; readonly seen: SeenKey }
  /** The least of its splits that others have to wait for; +Infinity = none. */
  | { readonly kind: 'reached'; readonly generation: Generation; readonly subtask: string; readonly watermark: number }
  | {
      readonly kind: 'failed';
      readonly generation: Generation;
      readonly subtask: string;
      readonly operator: OperatorId | null;
      readonly error: WeirError;
    }
  | { readonly kind: 'tornDown'; readonly generation: Generation; readonly worker: string };

/** A subtask's name in messages and logs. */
export const subtaskName = (stage: number, subtask: number): string => `${stage}/${subtask}`;

/**
 * What an operator is: the contract between one logical step and the task that runs it.
 *
 * Owns: `Operator`, `Output`, `OperatorContext`. Does not own: threads of control; the task (src/actors) calls every
 * method, one at a time, and synchronously.
 *
 * Order of calls: `open`, `restore`? then any number of `process` / `onWatermark` / `onSplit`, with `onBarrier` between
 * them, and `onTime` between two of these; `snapshot` right after `onBarrier` has said `done`, before any other call; `close` last. A call that answers
 * `more` is made again with the same arguments once its output was taken: an operator that can emit much does it piece by
 * piece and remembers where it was. `wait` is the same, but only after the operator has called `context.wake()`.
 *
 * What an operator has begun outside may be over at any time: then it calls `context.wake()`, and says by `dueAt` that it is to be told the time.
 *
 * Invariants: O1 after `done` to a barrier an operator holds no row that is not in its state; O2 rows go out before the watermark
 * that caused them; O3 no state changes outside of these calls.
 */
import type { Batch, BatchSchema } from '../batch/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { Epoch, Generation, Clock, Logger } from '../core/index.ts';
import type { OlderTables, RankedRows, RowLog, RowOrder, SlotCodec, SlotTable, StateTable, ValueCodec } from '../state/index.ts';
import type { OpenGroup } from './open-group.ts';

export type Step = 'done' | 'more' | 'wait';

/**
 * How much an operator holds of what is under way. `free`: more may come. `full`: nothing is taken but what lies before a barrier that is on its way, so
 * that none waits for what is slow. `overfull`: not even that.
 */
export type Load = 'free' | 'full' | 'overfull';

/** Where an operator's rows go. Ports are named: 'main', 'late' (of a join one for each side), and one per emission of an aggregation. */
export interface Output {
  emit(batch: Batch, port?: string): void;
  /** Rows after this carry no time below `watermark`. Only operators that change watermarks call it; others forward by default. */
  watermark(watermark: number): void;
  /** This output no longer (or again) holds the watermark back. */
  idle(idle: boolean): void;
  /** True: enough was taken for now; an operator with more to emit answers `more` as soon as it can. Absent = false. */
  readonly full?: boolean;
}

/** A row or record that nobody could take. */
export interface DeadRecord {
  readonly bytes: Uint8Array;
  readonly error: string;
  readonly operator: string;
  /** `split#record`, or '' */
  readonly position: string;
}

export interface OperatorContext {
  readonly operator: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly generation: Generation;
  /** Key groups of the job; this subtask owns `ownedGroups` of them, as [from, to). */
  readonly keyGroups: number;
  readonly ownedGroups: readonly [number, number];
  readonly clock: Clock;
  /** `now()` of the epoch that this generation begins with, ms: the time of the barrier before; the next barrier brings the next one. */
  readonly epochTime: number;
  readonly logger: Logger;
  /** Keyed state. Tables are declared in `open`, before the first row; their names are the state's identity. */
  table<V>(name: string, codec: ValueCodec<V>): StateTable<V>;
  /** The same of values in slots of one size. */
  slots<V>(name: string, codec: SlotCodec<V>): SlotTable<V>;
  /** The same of rows that are only added. `id`: what their bytes are. */
  log(name: string, id: string): RowLog;
  /** The same of rows of which each key keeps the first ones in an order. */
  ranked(name: string, id: string, order: RowOrder): RankedRows;
  /** Sets a row aside, in this epoch; throws the error instead if the job has nowhere to put it. */
  deadLetter(record: DeadRecord, cause: unknown): void;
  /** True for some epochs after a stateful closure of this operator failed: run row by row, undo a row that throws. */
  readonly guarded: boolean;
  /** Adds to a counter of this operator; `late`, `deadLetters` and `rowsOut` are in every report. `duplicates`: rows that came before. */
  count(counter: 'late' | 'rowsOut' | 'deadLetters' | 'duplicates', n: number): void;
  /** Of a source's stage: the splits that this subtask reads. State that is not keyed may lie with them, rather than with groups. */
  readonly splits?: readonly string[];
  /** The task calls again: after `wait`, or to look whether something is due. */
  wake(): void;
}

/** State that is not keyed, of one earlier subtask: given back to every subtask that now owns a part of its groups. */
export interface RestoredPart {
  readonly groups: readonly [number, number];
  readonly value: unknown;
}

export interface SplitEvent {
  readonly split: string;
  readonly state: 'pending' | 'active' | 'idle' | 'ended';
  /** The source itself says that nothing of the split lies before this time, ms. */
  readonly watermark?: number;
}

/** Proof that checkpoint `epoch` is complete; only the engine makes one. */
export interface CommitPermit {
  readonly epoch: Epoch;
  readonly generation: Generation;
}

export interface Operator {
  open?(context: OperatorContext): void;
  /** All state is restored and the job begins: connect to the outside. */
  start?(): void;
  /**
   * `advanceTo(i)`: the least watermark that the inputs have reached once row i has arrived (T6); `-Infinity` where unknown.
   * `input`: of a join, the input that the rows come from: 0, the left one (unless said), or 1.
   */
  process(batch: Batch, out: Output, advanceTo: (row: number) => number, input?: number): Step;
  /** The operator's watermark has risen. Not implemented = forwarded at once. */
  onWatermark?(watermark: number, out: Output): Step;
  /** The inputs that are to be read first have been read to their end. Perhaps again after a restore. */
  onFirstRead?(out: Output): Step;
  /** It has rows under way, which no watermark must overtake: it forwards watermarks itself (`out.watermark`), and idleness with them. */
  readonly forwardsItself?: boolean;
  /** The input no longer (or again) holds the watermark back; forwarded then, unless with `forwardsItself`. */
  onIdle?(idle: boolean, out: Output): void;
  /** Absent: `free`. */
  readonly load?: Load;
  /** How far the times of its rows may lie behind its own watermark, ms (0): it is forwarded so much smaller. */
  readonly holdsBackMs?: number;
  /**
   * The clock has reached `dueAt`: a bounded piece of what is due at `now`. Called while nothing else is under way in the stage, so neither
   * within a batch nor between a barrier and its snapshot.
   */
  onTime?(now: number, out: Output): Step;
  /** Wall time, ms, from which on `onTime` is to be called; asked after each step. Undefined = not at all. */
  readonly dueAt?: number | undefined;
  /** Sources' chains only: a split fell idle, woke up, or ended. Not implemented = forwarded. */
  onSplit?(event: SplitEvent, out: Output): void;
  /** All rows before the barrier were processed: flush what belongs to its epoch. */
  onBarrier?(barrier: Barrier, out: Output): Step;
  /** Non-keyed state at the barrier: plain msgpack data. Undefined = none. */
  snapshot?(): unknown;
  /** Before a restore: how the tables were written of whose state this is the shape, if it is not today's (plan/state-shape.ts). */
  olderTables?(shapes: Readonly<Record<string, unknown>>, parts: readonly RestoredPart[]): OlderTables;
  /** Before the first row; keyed tables are filled already. Parts of all earlier subtasks that owned some of our groups (of a non-keyed operator: whose first is ours). */
  restore?(parts: readonly RestoredPart[]): void;
  /** `restore` is given the parts of all earlier subtasks (false). */
  readonly restoresFromAll?: boolean;
  /** State of one split (sources' chains): moves with it. */
  snapshotSplit?(split: string): unknown;
  restoreSplit?(split: string, value: unknown): void;
  /** Sinks: checkpoint `permit.epoch` is complete; publish what was staged up to it. Idempotent; may be repeated. */
  commit?(permit: CommitPermit): Promise<void>;
  close?(): void | Promise<void>;
  /** For people: how far a split has come in event time (watermark operators). */
  splitWatermark?(split: string): number;
  /** For people: the end of the earliest window that still holds rows; undefined = none (windowed operators). */
  readonly nextWindowEnd?: number | undefined;
  /** For people: what of a key is open (operators that have `openKeys`, plan/open-kind.ts). */
  openOf?(key: string): readonly OpenGroup[];
}

export type { Batch, BatchSchema };

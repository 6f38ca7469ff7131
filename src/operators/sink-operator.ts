/**
 * The end of a stream: hands rows to a sink's writer, stages at each barrier, commits what a checkpoint has completed.
 *
 * Owns: staged epochs, from `stage` until their commit is known to be done; they are in every snapshot in between, so that
 * a restore can commit them again. Does not own: what is staged, or how it becomes visible (the connector).
 * A writer is asynchronous; the task is not. While a call of the writer is under way the operator answers `wait`.
 * Invariants: C5 epochs are committed in order, one at a time; C6 a restored epoch is committed by the one subtask that
 * owns the first key group of the part it was in; C7 of complete results an epoch stages the one that it emitted, or none.
 */
import { type Batch, takesBack } from '../batch/index.ts';
import { type Epoch, invariant, type SabotageName, WeirError } from '../core/index.ts';
import type { OutputMode } from '../plan/index.ts';
import { type Barrier, isDue } from '../progress/index.ts';
import { AsyncCall } from './async-call.ts';
import { byteSizeOf } from './byte-size.ts';
import { setAsideFor } from './dead-rows.ts';
import type { CommitPermit, Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import type { SinkDefinition, SinkWriter } from './sink.ts';

export interface SinkOptions {
  readonly id: string;
  readonly job: string;
  /** One life of the job's state. */
  readonly incarnation: string;
  /** The checkpoint that is restored; 0 = none. */
  readonly restoredEpoch: number;
  readonly mode: OutputMode;
  /** `complete`: at most this often; 0 = at every barrier. */
  readonly everyMs: number;
  /** Nothing was ever committed by this job. */
  readonly fresh: boolean;
  /** Aborts when the subtask is closed. */
  readonly signal: AbortSignal;
  /** Tests only: what is broken on purpose. */
  readonly sabotage?: SabotageName;
}

interface StagedEpoch {
  readonly epoch: number;
  readonly staged: unknown;
}
interface Snapshot {
  readonly pending: readonly StagedEpoch[];
  readonly writer: unknown;
}

class SinkOperator implements Operator {
  /** What a writer must not touch is anybody's; who commits a part is decided by its groups (C6). */
  readonly restoresFromAll = true;
  readonly #definition: SinkDefinition;
  readonly #options: SinkOptions;
  readonly #call: AsyncCall;
  #context!: OperatorContext;
  #restored: readonly unknown[] = [];
  #opening: Promise<SinkWriter> | undefined;
  #writer: SinkWriter | undefined;
  #pending: (StagedEpoch & { readonly bytes: number })[] = [];
  #commits: Promise<void> = Promise.resolve();
  /** The rows of the latest complete result, and the epoch that emitted it. */
  #whole: Batch[] = [];
  #emission = 0;

  constructor(definition: SinkDefinition, options: SinkOptions) {
    this.#definition = definition;
    this.#options = options;
    this.#call = new AsyncCall(`sink ${definition.name}`, () => this.#context.wake());
  }

  /** What is staged and not yet known to be committed; for throttling. */
  get stagedBytes(): number {
    return this.#pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  open(context: OperatorContext): void {
    this.#context = context;
  }

  restore(parts: readonly RestoredPart[]): void {
    const [from, to] = this.#context.ownedGroups;
    this.#restored = parts.map(({ value }) => (value as Snapshot).writer).filter((state) => state !== undefined);
    for (const { groups, value } of parts) {
      const snapshot = value as Snapshot;
      if (groups[0] >= from && groups[0] < to) for (const { epoch, staged } of snapshot.pending) this.#keep(epoch, staged);
    }
    this.#pending.sort((a, b) => a.epoch - b.epoch);
  }

  start(): void {
    this.#open().catch(() => undefined); // whoever needs the writer next is told
  }

  process(batch: Batch, _out: Output): Step {
    return this.#options.mode === 'complete'
      ? this.#hold(batch)
      : this.#withWriter((writer) => this.#write(writer, this.#given(batch)));
  }

  onBarrier(barrier: Barrier): Step {
    return this.#withWriter((writer) =>
      this.#options.mode === 'complete' ? this.#stageWhole(writer, barrier) : this.#stage(writer, barrier, false),
    );
  }

  snapshot(): Snapshot {
    // The barrier has staged, and so opened the writer.
    const writer = this.#writer?.snapshot?.();
    return { pending: this.#pending.map(({ epoch, staged }) => ({ epoch, staged })), writer };
  }

  /** Commits everything staged up to the permit's epoch. Calls may overlap; they take effect one after the other. */
  commit(permit: CommitPermit): Promise<void> {
    const done = this.#commits.then(() => this.#commitUpTo(permit));
    // The next commit begins when this one is over, however it went: it tries again what is still pending.
    this.#commits = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#commits;
    const writer = this.#writer ?? (await this.#opening?.catch(() => undefined));
    await writer?.close?.();
  }

  // ── the writer

  #withWriter(call: (writer: SinkWriter) => void | Promise<void>): Step {
    return this.#call.step(() => {
      if (this.#writer !== undefined) return call(this.#writer);
      return this.#open().then(call);
    });
  }

  #open(): Promise<SinkWriter> {
    this.#opening ??= this.#definition.open(this.#sinkContext(), this.#restored).then((writer) => (this.#writer = writer));
    return this.#opening;
  }

  #sinkContext(): Parameters<SinkDefinition['open']>[0] {
    const { subtask, parallelism, generation, clock, logger } = this.#context;
    const { job, id, incarnation, restoredEpoch, mode, fresh, signal, sabotage } = this.#options;
    return {
      job,
      operator: id,
      subtask,
      parallelism,
      generation,
      incarnation,
      restoredEpoch,
      fresh,
      mode,
      signal,
      clock,
      logger,
      setAside: (batch, row, fault) => setAsideFor(this.#context, batch, row, fault),
      ...(sabotage === undefined ? {} : { sabotage }),
    };
  }

  // ── epochs

  /** What the writer is given of a batch. */
  #given(batch: Batch): Batch {
    if (batch.system.kinds === undefined || this.#definition.takesBack === true) return batch;
    const rows = Int32Array.from({ length: batch.length }, (_, i) => i).filter((i) => !takesBack(batch.kind(i)));
    return rows.length === batch.length ? batch : batch.select(rows);
  }

  #write(writer: SinkWriter, batch: Batch): void | Promise<void> {
    if (batch.length === 0) return;
    this.#context.count('rowsOut', batch.length);
    return writer.write(batch);
  }

  #stage(writer: SinkWriter, barrier: Barrier, replaced: boolean): void | Promise<void> {
    const staged = writer.stage(barrier.epoch, replaced);
    if (staged instanceof Promise) return staged.then((value) => this.#keep(barrier.epoch, value));
    this.#keep(barrier.epoch, staged);
  }

  // ── complete results

  /** Not written before its barrier is here: if its epoch is aborted, the next one's takes its place. */
  #hold(batch: Batch): Step {
    const { emission } = batch.system;
    invariant(emission !== undefined, 'C7: rows of a complete result name the epoch that emitted them');
    if (emission > this.#emission) this.#whole = [];
    this.#emission = Math.max(emission, this.#emission);
    if (emission === this.#emission) this.#whole.push(batch);
    return 'done';
  }

  async #stageWhole(writer: SinkWriter, barrier: Barrier): Promise<void> {
    // What an aborted epoch emitted is followed by nothing where the result has become empty.
    const whole = this.#emission === barrier.epoch ? this.#whole : [];
    this.#whole = [];
    for (const batch of whole) await this.#write(writer, batch);
    await this.#stage(writer, barrier, isDue(this.#options.everyMs, barrier));
  }

  #keep(epoch: number, staged: unknown): void {
    if (staged !== undefined) this.#pending.push({ epoch, staged, bytes: byteSizeOf(staged) });
  }

  async #commitUpTo(permit: CommitPermit): Promise<void> {
    for (let next = this.#pending[0]; next !== undefined && next.epoch <= permit.epoch; next = this.#pending[0]) {
      try {
        const writer = await this.#open();
        await writer.commit({ epoch: next.epoch as Epoch, generation: permit.generation }, next.staged);
      } catch (thrown) {
        throw WeirError.from(thrown, 'E_SINK', `sink ${this.#definition.name}, epoch ${next.epoch}`);
      }
      this.#pending.shift();
    }
  }
}

export interface SinkTask extends Operator {
  readonly stagedBytes: number;
}

export function sinkOperator(definition: SinkDefinition, options: SinkOptions): SinkTask {
  return new SinkOperator(definition, options);
}

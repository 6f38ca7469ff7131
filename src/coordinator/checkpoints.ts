/**
 * Takes one checkpoint after another of one generation.
 *
 * Owns: when an epoch opens (interval, hurry, on request, last), who has acknowledged it, its manifest, its commit. Decides
 * through progress/checkpoint-ledger.ts, lives through checkpoint.machine.ts.
 * Invariants: CP1 one epoch is in flight at a time, and the next opens only after the last one's sinks have published; CP2 a
 * commit is sent only after the pointer has moved; CP3 what arrives of another generation or epoch changes nothing; CP4 an epoch is
 * opened only behind a pointer that says so, and thus never again after a crash; CP5 where rows are taken epoch by epoch, no generation goes on from an
 * epoch that was given up: some would have seen its barrier, and others not.
 */
import { type ActorRef, createActor } from 'xstate';
import { keyHashVersion } from '../batch/index.ts';
import { type Clock, type Epoch, type Generation, invariant, type Logger, type Timer, WeirError } from '../core/index.ts';
import { type PhysicalPlan, shapeOf, type StateShape } from '../plan/index.ts';
import {
  abortEpoch,
  acknowledge,
  type Barrier,
  emissionsDue,
  type EmissionTimes,
  emittedBy,
  type LedgerState,
  newLedger,
  openEpoch,
} from '../progress/index.ts';
import { type Manifest, manifestFormat, type OperatorPart, type SubtaskSnapshot, type Totals } from '../state/index.ts';
import { type CheckpointEvent, checkpointMachine } from './checkpoint.machine.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { CheckpointRecord } from './history.ts';

export type Last = NonNullable<Barrier['last']>;

export interface CheckpointsOptions {
  readonly plan: PhysicalPlan;
  readonly generation: Generation;
  readonly store: CheckpointStore;
  readonly incarnation: string;
  readonly participants: readonly string[];
  readonly highestEpoch: number;
  /** Totals at the checkpoint from which the generation began. */
  readonly base: Totals;
  /** As of that checkpoint. */
  readonly emitted: EmissionTimes;
  /** No barrier is earlier, ms. */
  readonly epochTime: number;
  /** Infinite: no epoch opens by itself. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly history: CheckpointRecord;
  /** Tests only: gives up every n-th epoch; 0 = none. */
  readonly abortEvery: number;
  /** Tests only: once this share of its acknowledgements is in (1 = with the last). */
  readonly abortAfter: number;
  readonly trigger: (barrier: Barrier) => void;
  readonly abort: (epoch: Epoch) => void;
  readonly commit: (epoch: Epoch) => void;
  /** The last epoch is committed. */
  readonly closed: (last: Last) => void;
  readonly failed: (error: WeirError) => void;
}

/** What sources need to have something for the first epoch. */
const soonMs = 50;
/** An epoch that takes this long is worth a line, and another one each time it has taken so long again. */
const slowMs = 30_000;
/** After this many aborted epochs in a row the generation is given up. */
const abortsInARowMax = 3;

export class Checkpoints {
  readonly #o: CheckpointsOptions;
  readonly #machine: ActorRef<any, CheckpointEvent>;
  #ledger: LedgerState<SubtaskSnapshot>;
  #acks: ReadonlyMap<string, SubtaskSnapshot> = new Map();
  #barrier: Barrier | null = null;
  #emitted: EmissionTimes;
  readonly #everyMs: readonly number[];
  /** An epoch of it is whole or was never: see CP5. */
  readonly #isPerEpoch: boolean;
  #time: number;
  #last: Last | null = null;
  #due = false;
  #timer: Timer | null = null;
  #slow: Timer | null = null;
  #awaitingCommit = new Set<string>();
  #over = false;
  #begunAt = 0;
  /** Why the last one was aborted. */
  #declined = '';
  #committingSince: number | null = null;
  readonly #waiting: { after: number; resolve: (epoch: number) => void; reject: (error: unknown) => void }[] = [];

  constructor(options: CheckpointsOptions) {
    this.#o = options;
    this.#ledger = newLedger(options.participants, options.highestEpoch);
    this.#emitted = options.emitted;
    this.#everyMs = everyMsOf(options.plan);
    this.#isPerEpoch = options.plan.stages.some(({ operators }) => operators.some(({ node }) => node.kind === 'perEpoch'));
    this.#time = Math.max(options.epochTime, ...Object.values(options.emitted));
    const actor = createActor(
      checkpointMachine.provide({
        actions: {
          trigger: () => this.#trigger(),
          abort: () => this.#abort(),
          publish: () => void this.#publish(),
          commit: () => this.#commit(),
          settled: () => this.#settled(),
        },
      }),
    );
    this.#machine = actor;
    actor.start();
  }

  /** From now on epochs open by themselves. The first one after a restart comes soon: results have been waited for already. */
  start(isRestart: boolean): void {
    const { intervalMs } = this.#o;
    if (intervalMs === Infinity) return;
    this.#schedule(Math.min(intervalMs, isRestart ? soonMs : Math.max(soonMs, intervalMs / 2)));
  }

  /** Ends the generation: nothing that comes later has an effect. */
  close(reason: WeirError): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#slow?.cancel();
    this.#machine.send({ type: 'RESET' });
    if (this.#barrier !== null) this.#o.history.aborted(this.#barrier.epoch, reason.message);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(reason);
  }

  /** Opens an epoch as soon as the one in flight is settled. */
  hurry(): void {
    this.#due = true;
    this.#openIfDue();
  }

  /** Takes the last checkpoint of this run. That there is nothing left wins over `stop`. */
  finish(last: Last): void {
    if (this.#last === null || this.#last === 'stop') this.#last = last;
    this.hurry();
  }

  /** Resolves with the epoch of a checkpoint that was opened after this call. */
  request(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ after: this.#ledger.highest, resolve, reject });
      this.hurry();
    });
  }

  acknowledged(epoch: number, snapshot: SubtaskSnapshot): void {
    if (this.#over) return;
    if (this.#givesUp(epoch)) return this.declined(epoch, snapshot.subtask, 'given up on purpose');
    const result = acknowledge(this.#ledger, epoch, snapshot.subtask, snapshot);
    this.#ledger = result.state;
    if (result.kind !== 'complete') return;
    this.#acks = result.acks;
    this.#machine.send({ type: 'ALL_ACKED' });
  }

  #givesUp(epoch: number): boolean {
    const { abortEvery, abortAfter, participants } = this.#o;
    const acks = this.#ledger.open?.acks.size ?? 0;
    const isDue = acks === Math.floor(abortAfter * (participants.length - 1));
    return abortEvery > 0 && epoch % abortEvery === 0 && this.#last === null && isDue;
  }

  declined(epoch: number, subtask: string, reason: string): void {
    if (this.#over || this.#ledger.open?.epoch !== epoch) return;
    this.#o.logger.warn({ checkpoint: epoch, subtask, reason }, 'checkpoint declined');
    this.#o.history.aborted(epoch, `${subtask}: ${reason}`);
    this.#declined = reason;
    this.#machine.send({ type: 'ABORT' });
  }

  committed(epoch: number, subtask: string): void {
    if (this.#over || this.#barrier?.epoch !== epoch) return;
    this.#awaitingCommit.delete(subtask);
    if (this.#awaitingCommit.size === 0) this.#machine.send({ type: 'COMMITTED' });
  }

  /** ms for which sinks have been publishing the last checkpoint. */
  committingFor(now: number): number {
    return this.#committingSince === null ? 0 : now - this.#committingSince;
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#o.clock.setTimer(delayMs, () => {
      this.hurry();
      if (!this.#over) this.#schedule(this.#o.intervalMs);
    });
  }

  #openIfDue(): void {
    if (this.#due && !this.#over) this.#machine.send({ type: 'OPEN' });
  }

  /** Whoever waits for an epoch, or for a stop, should know for whom. */
  #watch(): void {
    this.#slow = this.#o.clock.setTimer(slowMs, () => {
      this.#o.logger.warn({ checkpoint: this.#barrier!.epoch, ...this.#standing() }, 'a checkpoint takes long');
      this.#watch();
    });
  }

  #standing(): { seconds: number; waitingFor: string } {
    const seconds = Math.round((this.#o.clock.monotonic() - this.#begunAt) / 1000);
    const { open } = this.#ledger;
    if (this.#committingSince !== null)
      return { seconds, waitingFor: `the sinks of ${[...this.#awaitingCommit].join(', ')} to commit` };
    if (open === null) return { seconds, waitingFor: 'the state store' };
    const missing = this.#o.participants.filter((subtask) => !open.acks.has(subtask));
    return { seconds, waitingFor: `the barrier to pass ${missing.join(', ')}` };
  }

  // ── actions of the machine

  #trigger(): void {
    this.#due = false;
    this.#ledger = openEpoch(this.#ledger);
    const { epoch } = this.#ledger.open!;
    invariant(epoch <= this.#o.store.pointer!.reserved, `CP4: the pointer does not reserve epoch ${epoch}`);
    const last = this.#last === null ? {} : { last: this.#last };
    this.#time = Math.max(this.#time, this.#o.clock.now());
    const due = emissionsDue(this.#everyMs, this.#emitted, this.#time, this.#last !== null);
    this.#barrier = { epoch, time: this.#time, due, ...last };
    this.#begunAt = this.#o.clock.monotonic();
    this.#o.history.opened(epoch, this.#barrier.time);
    this.#watch();
    this.#o.trigger(this.#barrier);
  }

  #abort(): void {
    const { epoch } = this.#barrier!;
    this.#ledger = abortEpoch(this.#ledger, epoch);
    this.#o.abort(epoch);
    if (this.#ledger.abortedInARow >= abortsInARowMax)
      return this.#giveUp(`${abortsInARowMax} checkpoints in a row could not be taken: ${this.#declined}`);
    if (this.#isPerEpoch) this.#giveUp(`checkpoint ${epoch} could not be taken: ${this.#declined}`);
  }

  #giveUp(why: string): void {
    this.#o.failed(new WeirError('E_STORE', why, { retry: 'backoff' }));
  }

  async #publish(): Promise<void> {
    const barrier = this.#barrier!;
    const manifest = this.#manifest(barrier);
    try {
      await this.#o.store.publish(manifest, barrier.last !== undefined);
    } catch (error) {
      if (!this.#over) this.#o.failed(WeirError.from(error, 'E_STORE', `checkpoint ${barrier.epoch} could not be published`));
      return;
    }
    if (!this.#over) this.#machine.send({ type: 'PUBLISHED' });
  }

  #commit(): void {
    const { epoch } = this.#barrier!;
    this.#emitted = emittedBy(this.#emitted, this.#barrier!);
    const durationMs = this.#o.clock.monotonic() - this.#begunAt;
    const bytes = [...this.#acks.values()].reduce((sum, snapshot) => sum + snapshot.bytes, 0);
    this.#o.history.completed(epoch, durationMs, bytes);
    this.#o.logger.debug({ checkpoint: epoch, durationMs, bytes }, 'checkpoint complete');
    this.#committingSince = this.#o.clock.monotonic();
    this.#awaitingCommit = new Set(this.#o.participants);
    this.#o.commit(epoch);
  }

  #settled(): void {
    this.#slow?.cancel();
    this.#committingSince = null;
    const barrier = this.#barrier!;
    this.#barrier = null;
    if (this.#ledger.abortedInARow === 0) {
      for (const waiter of this.#waiting.filter((each) => each.after < barrier.epoch)) {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        waiter.resolve(barrier.epoch);
      }
      if (barrier.last !== undefined) return this.#o.closed(barrier.last);
    } else if (barrier.last !== undefined) {
      this.#due = true;
    }
    if (this.#waiting.length > 0 || this.#last !== null) this.#due = true;
    // The machine is still in its transition: the next epoch opens right after it.
    this.#o.clock.setTimer(0, () => this.#openIfDue());
  }

  #manifest(barrier: Barrier): Manifest {
    const { plan, base } = this.#o;
    const operators: Record<string, OperatorPart[]> = {};
    const totals = { ...base, checkpoints: base.checkpoints + this.#o.history.completedCount + 1 };
    for (const snapshot of this.#acks.values()) {
      for (const part of snapshot.parts) (operators[part.operator] ??= []).push(part);
      totals.rowsIn += snapshot.counters.rowsIn;
      totals.rowsOut += snapshot.counters.rowsOut;
      totals.late += snapshot.counters.late;
      totals.deadLetters += snapshot.counters.deadLetters;
      totals.duplicates += snapshot.counters.duplicates;
    }
    return {
      format: manifestFormat,
      job: plan.job.name,
      incarnation: this.#o.incarnation,
      generation: this.#o.generation,
      epoch: barrier.epoch,
      time: this.#o.clock.now(),
      epochTime: barrier.time,
      finished: barrier.last === 'end',
      parallelism: plan.parallelism,
      keyGroups: plan.keyGroups,
      keyHashVersion,
      states: statesOf(plan),
      shapes: shapesOf(plan),
      operators,
      emitted: emittedBy(this.#emitted, barrier),
      totals,
    };
  }
}

/** Operator → what its state means. */
export function statesOf(plan: PhysicalPlan): Record<string, string> {
  const states: Record<string, string> = {};
  for (const { id, state } of plan.stages.flatMap((stage) => stage.operators)) if (state !== null) states[id] = state;
  return states;
}

/** Operator → each state that a process function declares. */
function shapesOf(plan: PhysicalPlan): NonNullable<Manifest['shapes']> {
  const shapes: Record<string, Record<string, StateShape>> = {};
  for (const { id, node } of plan.stages.flatMap((stage) => stage.operators))
    if (node.kind === 'process')
      shapes[id] = Object.fromEntries(Object.entries(node.state).map(([name, declared]) => [name, shapeOf(declared)]));
  return shapes;
}

/** Each `every` that a result of the plan has. */
function everyMsOf(plan: PhysicalPlan): readonly number[] {
  const emissions = plan.stages.flatMap((stage) => stage.operators).flatMap((operator) => operator.emissions);
  return [...new Set(emissions.map(({ everyMs }) => everyMs))].filter((every) => every > 0);
}

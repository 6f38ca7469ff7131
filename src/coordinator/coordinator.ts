/**
 * Runs one job: chooses where it goes on from, deploys generation after generation, and sees checkpoints through.
 *
 * Owns: the job's state, generations, restarts. Lives through job.machine.ts, decides through `progress`, takes checkpoints
 * through checkpoints.ts. Talks through: `send` (to supervisors), `receive` (from them), the job's stores.
 * Invariants: JB1 a message of another generation changes nothing; JB2 a restart deploys only after the old generation is torn
 * down; JB3 what a restored checkpoint had staged is published before the first new row is read.
 */
import { type ActorRef, createActor } from 'xstate';
import type { Assignment, Deployment, ToCoordinator, ToSupervisor } from '../actors/index.ts';
import {
  type Generation,
  type OperatorId,
  type Timer,
  epoch as toEpoch,
  generation as toGeneration,
  WeirError,
} from '../core/index.ts';
import { chooseRestorePoint, type GroupLeast, type RestoreDecision } from '../progress/index.ts';
import { type JobStores, type Manifest, nothingYet, type Totals, totalsFrom } from '../state/index.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { Checkpoints, type Last } from './checkpoints.ts';
import { checkCompatible } from './compatibility.ts';
import type { CoordinatorOptions, JobOutcome } from './coordinator-options.ts';
import { Failures } from './failures.ts';
import { CheckpointRecord } from './history.ts';
import { type JobEvent, jobMachine } from './job.machine.ts';
import { assign, lostWorker, subtasksOf, usedSlots, withoutSplits } from './placement.ts';
import { Run } from './run.ts';
import { copyCheckpoint } from './savepoint.ts';

export class Coordinator {
  readonly outcome: Promise<JobOutcome>;
  readonly history: CheckpointRecord = new CheckpointRecord();
  /** The checkpoint that this process began from, and the totals there. */
  started: { readonly epoch: number | null; readonly totals: Totals } = { epoch: null, totals: nothingYet };
  readonly #o: CoordinatorOptions;
  readonly #store: CheckpointStore;
  readonly #machine: ActorRef<any, JobEvent>;
  readonly #subtasks: readonly string[];
  #settle: (outcome: JobOutcome) => void = () => {};
  #generation: Generation = toGeneration(1);
  #highestEpoch = 0;
  #decision: RestoreDecision | null = null;
  #checkpoints: Checkpoints | null = null;
  /** Those of the present generation that are still there. */
  #workers: readonly string[] = [];
  #pending = new Set<string>();
  #deploying = new AbortController();
  /** Why the last epoch of the present generation is taken, if it is. */
  #last: Last | null = null;
  #stopAsked = false;
  #backoff: Timer | null = null;
  readonly #failures: Failures;
  /** Asked to stop while a generation was torn down: no other is deployed. */
  #stopsHere = false;
  #guarded = new Set<OperatorId>();
  readonly #thisRun: Run;
  #base: Totals = nothingYet;
  #deployedFrom: Manifest | null = null;
  /** Of the epoch that the present generation begins with. */
  #epochTime = 0;
  restarts = 0;

  constructor(options: CoordinatorOptions) {
    this.#o = options;
    this.#store = new CheckpointStore(options.stores);
    this.#thisRun = new Run(options);
    this.#subtasks = subtasksOf(options.plan);
    this.#failures = new Failures(options.plan.job.restart, options.clock, options.random);
    this.outcome = new Promise((resolve) => void (this.#settle = resolve));
    this.#machine = createActor(
      jobMachine.provide({
        actions: {
          deploy: () => void this.#deploy(),
          recommit: () => this.#recommit(),
          run: () => this.#run(),
          closeEpoch: () => {
            this.#stopAsked = true;
            this.#finish('stop');
          },
          teardown: () => this.#teardown(),
          decide: () => this.#decide(),
          backOff: () => this.#backOff(),
          close: () => this.#teardown(),
          done: () => this.#settle({ kind: this.hasFinished ? 'finished' : 'stopped' }),
          fail: () => this.#settle({ kind: 'failed', error: this.#failures.last! }),
        },
      }),
    );
  }

  // ── what the outside asks

  /**
   * Reads what there is and begins.
   *
   * @throws WeirError `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_RUNNING`, `E_PLAN` for a source that the trigger does not go with
   */
  async start(): Promise<void> {
    this.#thisRun.check();
    await this.#store.load();
    const pointer = this.#store.pointer;
    const decision = chooseRestorePoint({
      pointer: pointer === null || pointer.epoch === 0 ? null : pointer,
      opened: pointer?.reserved ?? 0,
      seen: pointer === null ? await this.#store.written() : [],
    });
    if (decision.kind === 'refuse') throw new WeirError('E_STATE_DAMAGED', decision.reason);
    this.#decision = decision;
    this.#highestEpoch = decision.highestEpoch;
    this.#generation = toGeneration(Math.max(decision.nextGeneration, (pointer?.generation ?? 0) + 1));
    const { latest } = this.#store;
    if (latest !== null) checkCompatible(latest, this.#o.plan, this.#o.logger);
    this.started = { epoch: latest?.epoch ?? null, totals: latest?.totals ?? nothingYet };
    this.#base = this.started.totals;
    this.#machine.start();
    this.#tell({ type: 'LOADED' });
  }

  stop(): void {
    this.#stopsHere ||= this.state === 'tearingDown';
    if (this.state === 'backingOff') this.#backoff?.cancel();
    this.#tell({ type: 'STOP' });
  }

  /** As a crash would: nothing is done any more, and what is under way has no effect. */
  kill(): void {
    this.#store.abandon();
    this.#backoff?.cancel();
    this.#checkpoints?.close(new WeirError('E_STUCK', 'the job was ended as by a crash'));
    this.#machine.stop();
  }

  checkpoint(): Promise<number> {
    if (this.state !== 'running')
      return Promise.reject(new WeirError('E_USAGE', `the job is ${this.state}, not running: no checkpoint can be taken`));
    return this.#checkpoints!.request();
  }

  /** Takes a checkpoint, and copies it into stores that are empty. */
  async savepoint(to: JobStores): Promise<number> {
    await this.checkpoint();
    return this.#store.pinned(async (manifest, pointer) => {
      await copyCheckpoint(manifest, pointer, this.#o.stores, to);
      return manifest.epoch;
    });
  }

  get state(): string {
    return String(this.#machine.getSnapshot().value ?? 'loading');
  }

  get generation(): Generation {
    return this.#generation;
  }

  get error(): WeirError | null {
    return this.#failures.last;
  }

  /** It ends with what is there, and another run goes on. */
  get drains(): boolean {
    return this.#thisRun.drains;
  }

  /** Nothing is left to do, in this run at least. */
  get hasFinished(): boolean {
    return this.#store.latest?.finished === true || this.#last === 'drain' || this.hadFinished;
  }

  /** The state is that of a job that has seen the end of its input. */
  get hadFinished(): boolean {
    return this.#decision?.kind === 'finished';
  }

  get latest(): Manifest | null {
    return this.#store.latest;
  }

  /** The totals at the beginning of the present generation. */
  get base(): Totals {
    return this.#base;
  }

  committingFor(now: number): number {
    return this.#checkpoints?.committingFor(now) ?? 0;
  }

  // ── what supervisors say

  receive(message: Exclude<ToCoordinator, { kind: 'seen' }>): void {
    if (message.generation !== this.#generation) return; // JB1
    switch (message.kind) {
      case 'deployed':
        return this.#tick('deploying', message.worker, { type: 'DEPLOYED' });
      case 'tornDown':
        return this.#tick(this.state === 'closing' ? 'closing' : 'tearingDown', message.worker, { type: 'TORN_DOWN' });
      case 'ack':
        return this.#checkpoints?.acknowledged(message.epoch, message.snapshot);
      case 'decline':
        return this.#checkpoints?.declined(message.epoch, message.subtask, message.reason);
      case 'committed':
        return this.#onCommitted(message.epoch, message.subtask);
      case 'exhausted':
        return this.#thisRun.exhausted(message.subtask) ? this.#finish(this.drains ? 'drain' : 'end') : undefined;
      case 'hurry':
        return this.#checkpoints?.hurry();
      case 'reached':
        return this.#align(this.#thisRun.reached(message.subtask, message.watermark));
      case 'failed':
        return this.#onFailed(message.error, message.operator, message.subtask);
    }
  }

  /** A worker is gone, and with it the generation that it was part of. */
  workerLost(worker: string, error: WeirError): void {
    if (!this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((other) => other !== worker);
    this.#onFailed(error, null, worker);
    if (this.#pending.delete(worker)) this.#tornDownByAll();
  }

  /** Whoever is gone need not answer. The machine may be in the middle of a transition. */
  #tornDownByAll(): void {
    const { generation } = this;
    if (this.#pending.size > 0) return;
    this.#o.clock.setTimer(0, () => {
      const waits = this.state === 'tearingDown' || this.state === 'closing';
      if (waits && this.#generation === generation && this.#pending.size === 0) this.#tell({ type: 'TORN_DOWN' });
    });
  }

  /** Counts down what every worker (or subtask) must have said in this state: in another, it comes too late. */
  #tick(state: string, who: string, event: JobEvent): void {
    if (this.state !== state) return;
    if (this.#pending.delete(who) && this.#pending.size === 0) this.#tell(event);
  }

  #align(news: GroupLeast | undefined): void {
    if (news !== undefined) this.#broadcast({ kind: 'align', generation: this.#generation, ...news });
  }

  #onCommitted(epoch: number, subtask: string): void {
    if (this.state !== 'recommitting') return this.#checkpoints?.committed(epoch, subtask);
    this.#tick('recommitting', subtask, { type: 'RECOMMITTED', finished: this.#deployedFrom?.finished === true });
  }

  #onFailed(error: WeirError, operator: OperatorId | null, subtask: string): void {
    if (this.state === 'tearingDown' || this.state === 'closing') return;
    this.#failures.add(error, this.history.completedCount > 0);
    if (operator !== null && error.code === 'E_CLOSURE' && this.#o.plan.job.deadLetters !== undefined)
      this.#guarded.add(operator);
    this.#o.logger.warn(
      { code: error.code, subtask, operator, generation: this.#generation, err: error.message },
      'a subtask failed',
    );
    this.#tell({ type: 'FAILED' });
  }

  // ── actions of the machine

  async #deploy(): Promise<void> {
    const { plan } = this.#o;
    const generation = this.#generation;
    const deploying = new AbortController();
    this.#deploying = deploying;
    try {
      const slots = usedSlots(plan, await this.#o.workers(deploying.signal));
      if (!this.#isDeploying(generation)) return;
      const workers = [...new Set(slots)];
      this.#workers = workers;
      await this.#store.fence(generation, this.#store.pointer?.incarnation ?? this.#o.random.id(), this.#highestEpoch);
      const { latest } = this.#store;
      await this.#thisRun.look();
      const assignments = await assign(plan, slots, latest, (source) => this.#thisRun.splitsOf(source));
      if (!this.#isDeploying(generation)) return;
      if (workers.some((worker) => !this.#workers.includes(worker))) throw lostWorker(workers, this.#workers);
      this.#thisRun.begins(assignments);
      this.#deployedFrom = latest;
      this.#epochTime = latest === null ? this.#epochTime || this.#o.clock.now() : (latest.epochTime ?? latest.time);
      this.#base = totalsFrom(latest);
      this.#pending = new Set(workers);
      for (const worker of workers)
        this.#o.send(worker, { kind: 'deploy', deployment: this.#deployment(latest, assignments, worker) });
    } catch (error) {
      if (this.#isDeploying(generation)) this.#onFailed(WeirError.from(error, 'E_STORE'), null, 'coordinator');
    }
  }

  /** False once the job was stopped or killed meanwhile. */
  #isDeploying(generation: Generation): boolean {
    return this.#generation === generation && this.state === 'deploying' && this.#machine.getSnapshot().status === 'active';
  }

  #deployment(restore: Manifest | null, all: ReadonlyMap<string, readonly Assignment[]>, worker: string): Deployment {
    return {
      generation: this.#generation,
      incarnation: this.#store.pointer!.incarnation,
      fingerprint: this.#o.plan.fingerprint,
      assignments: all.get(worker)!,
      withoutSplits: withoutSplits(this.#o.plan, all),
      restore,
      drain: this.#thisRun.present,
      firstEpoch: this.#highestEpoch + 1,
      epochTime: this.#epochTime,
      guarded: [...this.#guarded],
    };
  }

  #recommit(): void {
    const restored = this.#deployedFrom;
    if (restored === null) return this.#tell({ type: 'RECOMMITTED', finished: false });
    this.#pending = new Set(this.#subtasks);
    const { oldest } = this.#store;
    this.#broadcast({ kind: 'commit', generation: this.#generation, epoch: toEpoch(restored.epoch), oldest });
  }

  #run(): void {
    // That the input had ended was said by a generation that is over: this one has read less of it.
    this.#last = this.#stopAsked ? 'stop' : null;
    this.history.restart();
    this.#checkpoints = new Checkpoints({
      plan: this.#o.plan,
      generation: this.#generation,
      store: this.#store,
      incarnation: this.#store.pointer!.incarnation,
      participants: this.#subtasks,
      highestEpoch: this.#highestEpoch,
      base: this.#base,
      emitted: this.#deployedFrom?.emitted ?? {},
      epochTime: this.#epochTime,
      intervalMs: this.#thisRun.intervalMs,
      clock: this.#o.clock,
      logger: this.#o.logger,
      history: this.history,
      abortEvery: this.#o.sabotage?.abortEvery ?? 0,
      abortAfter: this.#o.sabotage?.abortAfter ?? 1,
      trigger: (barrier) => {
        this.#highestEpoch = barrier.epoch;
        this.#broadcast({ kind: 'trigger', generation: this.#generation, barrier });
      },
      abort: (epoch) => this.#broadcast({ kind: 'abort', generation: this.#generation, epoch }),
      commit: (epoch) => this.#broadcast({ kind: 'commit', generation: this.#generation, epoch, oldest: this.#store.oldest }),
      closed: (last) => {
        // The input may have ended behind a barrier that was to be the last: it is not in the state.
        this.#last = last;
        this.#tell({ type: 'CLOSED_EPOCH' });
      },
      failed: (error) => this.#onFailed(error, null, 'coordinator'),
    });
    this.#broadcast({ kind: 'start', generation: this.#generation });
    this.#checkpoints.start(this.#deployedFrom !== null);
    if (this.#last !== null) this.#checkpoints.finish(this.#last);
  }

  #finish(last: Last): void {
    if (this.#last === null || this.#last === 'stop') this.#last = last;
    this.#checkpoints?.finish(this.#last);
  }

  #teardown(): void {
    this.#checkpoints?.close(this.error ?? new WeirError('E_INTERNAL', 'the generation is over'));
    this.#checkpoints = null;
    this.#deploying.abort(new WeirError('E_STUCK', 'the generation is over'));
    this.#pending = new Set(this.#workers);
    this.#broadcast({ kind: 'teardown', generation: this.#generation });
    this.#tornDownByAll();
  }

  #decide(): void {
    const decision = this.#failures.decide(this.#store.latest !== null);
    if (decision.kind === 'fail') return this.#tell({ type: 'GIVE_UP' });
    this.#delayMs = decision.delayMs;
    this.#tell({ type: 'RESTART' });
  }
  #delayMs = 0;
  #backOff(): void {
    if (this.#stopsHere) return this.#tell({ type: 'STOP' });
    this.restarts++;
    this.#generation = toGeneration(this.#generation + 1);
    this.#o.logger.info(
      { generation: this.#generation, delayMs: this.#delayMs, from: this.#store.latest?.epoch ?? null },
      'restarting from the last checkpoint',
    );
    this.#backoff = this.#o.clock.setTimer(this.#delayMs, () => this.#tell({ type: 'BACKOFF_OVER' }));
  }

  /** To the machine, unless the job is over. */
  #tell(event: JobEvent): void {
    if (this.#machine.getSnapshot().status === 'active') this.#machine.send(event);
  }

  #broadcast(message: ToSupervisor): void {
    for (const worker of this.#workers) this.#o.send(worker, message);
  }
}

/**
 * One subtask: the shell around its machine, its task and its state.
 *
 * Owns: the life of the operators of its stage: restore, barriers, commits, the end. Does not own: their making (assembly.ts),
 * their loop (task.ts), their snapshots (subtask-state.ts). Talks through: `report` (to its supervisor), channels, stores.
 * Invariants: SU1 an acknowledgement is sent only when everything that it names is durable; SU2 after `close` nothing is
 * reported or written any more.
 */
import { type ActorRef, createActor } from 'xstate';
import { type Epoch, type OperatorId, WeirError } from '../core/index.ts';
import type { DeadRecord, Operator, SourceDefinition } from '../operators/index.ts';
import { ownedGroups, type PhysicalPlan, type PlannedOperator, type Stage } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { Counters, SubtaskSnapshot } from '../state/index.ts';
import type { Transport } from '../transport/index.ts';
import { contextOf, edgeOutput, type Inputs, inputsOf, newOperator, type Site, sourceContext, sourceFeed } from './assembly.ts';
import { Chain, type ItemTarget } from './chain.ts';
import { DeadLetters, recordError } from './dead-letters.ts';
import type { EdgeOutput } from './edge-output.ts';
import { withLaterPositions } from './later-positions.ts';
import { type Assignment, type Deployment, subtaskName, type ToCoordinator } from './messages.ts';
import { OperatorCounters } from './operator-context.ts';
import type { Scheduler } from './scheduler.ts';
import type { SourceFeed } from './source-feed.ts';
import { type SplitAlignment, splitAlignment } from './split-alignment.ts';
import { type SubtaskEvent, subtaskMachine } from './subtask.machine.ts';
import { type SplitPosition, SubtaskState } from './subtask-state.ts';
import { Task } from './task.ts';
import type { WorkerEnvironment } from './worker-environment.ts';

export interface SubtaskOptions {
  readonly plan: PhysicalPlan;
  readonly assignment: Assignment;
  readonly deployment: Deployment;
  readonly environment: WorkerEnvironment;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly report: (message: ToCoordinator) => void;
  readonly onReady: () => void;
  readonly onClosed: () => void;
}

interface Member {
  readonly planned: PlannedOperator;
  readonly operator: Operator;
  readonly counters: OperatorCounters;
}

export class Subtask {
  readonly name: string;
  readonly stage: Stage;
  readonly index: number;
  readonly machine: ActorRef<any, SubtaskEvent>;
  readonly #o: SubtaskOptions;
  readonly #abort = new AbortController();
  readonly #site: Site;
  #members: Member[] = [];
  #chain: Chain | null = null;
  #task: Task | null = null;
  #feed: SourceFeed | null = null;
  #alignment: SplitAlignment | null = null;
  #state: SubtaskState | null = null;
  #deadLetters = new DeadLetters(null, 1);
  #commits: Promise<void> = Promise.resolve();
  #failed = false;
  #recordsBefore = 0;
  #closed = false;

  constructor(options: SubtaskOptions) {
    this.#o = options;
    this.stage = options.plan.stages[options.assignment.stage]!;
    this.index = options.assignment.subtask;
    this.name = subtaskName(this.stage.index, this.index);
    this.#site = {
      ...options,
      stage: this.stage,
      index: this.index,
      owned: ownedGroups(options.plan.keyGroups, this.stage.parallelism, this.index),
      signal: this.#abort.signal,
      wake: () => this.#wake(),
    };
    this.machine = createActor(
      subtaskMachine.provide({
        actions: {
          restore: () => void this.#restore(),
          restored: () => options.onReady(),
          run: () => this.#run(),
          halt: () => this.#task?.stop(),
          close: () => void this.#close(),
          closed: () => options.onClosed(),
        },
      }),
    );
  }

  // ── what the supervisor asks

  trigger(barrier: Barrier): void {
    this.#task?.request(barrier);
    this.#wake();
  }

  abort(epoch: Epoch): void {
    if (this.#o.environment.sabotage?.break === 'drop-aborted-dirty') this.#state?.forgetDelta(epoch);
    this.#task?.abort(epoch);
    this.#wake();
  }

  /** So far is the least of the group. */
  align(group: string, least: number): void {
    if (this.#alignment?.hear(group, least) === true) this.#wake();
  }

  /** Publishes what is staged up to `epoch`; one commit at a time. */
  commit(epoch: Epoch, oldest: number): void {
    this.#commits = this.#commits.then(() => this.#commit(epoch, oldest));
  }

  /** Chunks that it, or whoever goes on in its place, may read again now that this checkpoint is complete. */
  chunksSince(epoch: Epoch): readonly string[] {
    return this.#state?.chunksSince(epoch) ?? [];
  }

  get task(): Task | null {
    return this.#task;
  }

  get feed(): SourceFeed | null {
    return this.#feed;
  }

  get alignment(): SplitAlignment | null {
    return this.#alignment;
  }

  get stateRows(): number {
    return this.#state?.rows ?? 0;
  }

  /** Since the generation began. */
  counters(): Counters {
    const sum = (of: keyof OperatorCounters): number => this.#members.reduce((total, member) => total + member.counters[of], 0);
    return {
      rowsIn: this.#recordsRead(),
      rowsOut: sum('rowsOut'),
      late: sum('late'),
      deadLetters: sum('deadLetters'),
      duplicates: sum('duplicates'),
    };
  }

  /** Rows that have entered and left the stage. */
  rows(): { in: number; out: number } {
    if (this.#chain === null) return { in: 0, out: 0 };
    return { in: this.#chain.rowsIn(0), out: this.#chain.rowsOut(this.#members.length - 1) };
  }

  /** Its operators, and how far each has come. */
  get operators(): readonly (Member & { readonly watermark: number })[] {
    return this.#members.map((member, i) => ({ ...member, watermark: this.#chain?.watermarkOf(i) ?? -Infinity }));
  }

  splitWatermark(split: string): number {
    return (
      this.#members.find(({ operator }) => operator.splitWatermark !== undefined)?.operator.splitWatermark?.(split) ?? -Infinity
    );
  }

  fail(thrown: unknown, operator: OperatorId | null = null): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    const { generation } = this.#o.deployment;
    this.machine.send({ type: 'FAIL' });
    this.#o.report({
      kind: 'failed',
      generation,
      subtask: this.name,
      operator,
      error: WeirError.from(thrown, 'E_INTERNAL', this.stage.label),
    });
  }

  // ── actions of the machine

  async #restore(): Promise<void> {
    try {
      this.#build();
      const { deployment, assignment, environment } = this.#o;
      const begun = environment.clock.monotonic();
      await this.#state!.load(deployment.restore);
      this.#state!.restoreSplits(deployment.restore, this.stage.operators[0]!.id, assignment.splits);
      const ms = environment.clock.monotonic() - begun;
      const epoch = deployment.restore?.epoch ?? null;
      environment.logger.debug({ subtask: this.name, checkpoint: epoch, rows: this.#state!.rows, ms }, 'state restored');
      if (!this.#closed) this.machine.send({ type: 'RESTORED' });
    } catch (error) {
      this.fail(error);
    }
  }

  #run(): void {
    this.#o.scheduler.add(this.#task!);
    for (const receiver of this.#inputs.receivers) receiver.open();
    for (const { operator } of this.#members) operator.start?.();
    this.#feed?.start();
    this.#wake();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#task?.stop();
    if (this.#task !== null) this.#o.scheduler.remove(this.#task);
    this.#abort.abort(new WeirError('E_INTERNAL', 'the subtask was closed'));
    await this.#feed?.close();
    for (const { operator } of this.#members)
      await Promise.resolve(operator.close?.()).catch((error) =>
        this.#o.environment.logger.warn({ subtask: this.name, err: String(error) }, 'an operator did not close cleanly'),
      );
    this.machine.send({ type: 'CLOSED' });
  }

  // ── building

  #inputs: Inputs = { receivers: [], barren: [], timeless: [], first: [], sides: [] };

  #build(): void {
    const { plan, environment, deployment } = this.#o;
    const edges = new Map<number, EdgeOutput>();
    const edgeOf = (index: number): ItemTarget => {
      let output = edges.get(index);
      if (output === undefined) {
        output = edgeOutput(this.#site, plan.edges[index]!);
        edges.set(index, output);
      }
      return output;
    };
    if (this.stage.deadLetterEdge !== null)
      this.#deadLetters = new DeadLetters(edgeOf(this.stage.deadLetterEdge), deployment.firstEpoch);
    this.#members = this.stage.operators.map((planned) => ({
      planned,
      operator: newOperator(this.#site, planned),
      counters: new OperatorCounters(),
    }));
    this.#chain = new Chain(this.#members, edgeOf);
    this.#state = new SubtaskState({
      generation: deployment.generation,
      name: this.name,
      subtask: this.index,
      keyGroups: plan.keyGroups,
      owned: this.#site.owned,
      members: this.#members,
      blobs: environment.stores.blobs,
      ...(environment.entriesPerStep === undefined ? {} : { entriesPerStep: environment.entriesPerStep }),
      ...(environment.tableLimits === undefined ? {} : { tableLimits: environment.tableLimits }),
    });
    this.#members.forEach(({ planned, operator, counters }, index) => {
      const deadLetter = (record: DeadRecord, cause: unknown): void => this.#deadLetters.add(record, cause);
      operator.open?.(
        contextOf(this.#site, planned, {
          state: this.#state!.of(index),
          counters,
          deadLetter,
          wake: () => this.#wakeOperator(index),
        }),
      );
    });
    const { generation } = deployment;
    this.#alignment = splitAlignment(this.#members, (watermark) =>
      this.#o.report({ kind: 'reached', generation, subtask: this.name, watermark }),
    );
    this.#feed = sourceFeed(this.#site, this.#alignment);
    this.#recordsBefore = this.#recordsRead();
    this.#inputs = inputsOf(this.#site);
    for (const receiver of this.#inputs.receivers) receiver.onReadable(() => this.#wake());
    this.#task = this.#newTask();
  }

  #newTask(): Task {
    const { environment, plan } = this.#o;
    const sources = plan.stages
      .filter((stage) => stage.operators[0]!.node.kind === 'source')
      .reduce((sum, stage) => sum + stage.parallelism, 0);
    return new Task({
      name: this.name,
      depth: this.stage.index,
      chain: this.#chain!,
      inputs: this.#inputs,
      feed: this.#feed,
      epochBytesMax: environment.epochBytesMax / Math.max(1, sources),
      watermark: this.#state!.watermark(this.#o.deployment.restore),
      clock: environment.clock,
      wake: () => this.#wake(),
      events: {
        barrierPassed: (barrier) => this.#freeze(barrier),
        exhausted: () => this.#o.report({ kind: 'exhausted', generation: this.#o.deployment.generation, subtask: this.name }),
        reached: () => this.#alignment?.look(this.#feed!.splits),
        hurry: () => this.#o.report({ kind: 'hurry', generation: this.#o.deployment.generation }),
        background: () => this.#state!.step(),
        mayTake: () => this.#deadLetters.ready,
        mayFreeze: () => this.#state!.canFreeze,
        deadRecords: (dead) => {
          for (const record of dead) {
            this.#deadLetters.add(record, recordError(this.stage.operators[0]!.label, record));
            this.#members[0]!.counters.deadLetters++;
          }
        },
        failed: (error) => this.fail(error, this.#operatorOf(error)),
      },
    });
  }

  // ── at work

  #freeze(barrier: Barrier): void {
    this.#deadLetters.passed(barrier);
    const positions = this.#positions(barrier);
    this.#state!.rememberPositions(barrier.epoch, positions);
    const run = this.#sabotaged(
      this.#state!.freeze(barrier.epoch, positions, this.counters(), (i) => this.#chain!.watermarkOf(i)),
    );
    const { generation } = this.#o.deployment;
    run.then(
      (snapshot) => {
        this.#wake();
        if (!this.#closed) this.#o.report({ kind: 'ack', generation, epoch: barrier.epoch, snapshot });
      },
      (error) => {
        this.#wake();
        if (!this.#closed)
          this.#o.report({
            kind: 'decline',
            generation,
            epoch: barrier.epoch,
            subtask: this.name,
            reason: error instanceof Error ? error.message : String(error),
          });
      },
    );
    this.#wake();
  }

  #sabotaged(run: Promise<SubtaskSnapshot>): Promise<SubtaskSnapshot> {
    const { sabotage, clock } = this.#o.environment;
    if (sabotage?.break !== 'offset-after-barrier' || this.#feed === null) return run;
    return withLaterPositions(run, clock, () => this.#positions());
  }

  #positions(barrier?: Barrier): readonly SplitPosition[] {
    return this.#feed?.positions(barrier?.last === 'drain') ?? [];
  }

  async #commit(epoch: Epoch, oldest: number): Promise<void> {
    if (this.#closed) return;
    const { generation } = this.#o.deployment;
    try {
      for (const { operator } of this.#members) await operator.commit?.({ epoch, generation });
      await this.#release(oldest);
      if (!this.#closed) this.#o.report({ kind: 'committed', generation, epoch, subtask: this.name });
    } catch (error) {
      this.fail(error, this.#operatorOf(error));
    }
  }

  async #release(oldest: number): Promise<void> {
    const root = this.stage.operators[0]!;
    if (root.node.kind !== 'source') return;
    const definition = root.node.source as SourceDefinition;
    if (definition.release === undefined) return;
    for (const { split, position } of this.#state!.positionsAt(oldest)) {
      // null: nothing was read of it yet, and nothing lies before.
      if (position !== undefined && position !== null)
        await definition.release(split, position, { ...sourceContext(this.#site), signal: this.#abort.signal });
    }
  }

  #operatorOf(error: unknown): OperatorId | null {
    const named = error instanceof Error && 'operator' in error ? error.operator : undefined;
    return this.stage.operators.find(({ id }) => id === named)?.id ?? null;
  }

  #recordsRead(): number {
    return this.#feed === null ? 0 : this.#feed.splits.reduce((sum, split) => sum + split.records, 0) - this.#recordsBefore;
  }

  #wakeOperator(index: number): void {
    this.#chain!.wake(index);
    this.#task?.operatorWoken();
    this.#wake();
  }

  #wake(): void {
    if (this.#task !== null && !this.#closed) this.#o.scheduler.wake(this.#task);
  }
}

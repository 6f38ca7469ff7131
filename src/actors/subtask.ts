/**
 * One subtask: the shell around its machine, its task and its state.
 *
 * Owns: building the operators of its stage, restoring them, and answering barriers, commits and the end. Talks through:
 * `report` (to its supervisor), channels, the job's stores.
 * Invariants: SU1 an acknowledgement is sent only when everything that it names is durable; SU2 after `close` nothing is
 * reported or written any more.
 */
import { type ActorRef, createActor } from 'xstate';
import { type Epoch, type OperatorId, sleep, WeirError } from '../core/index.ts';
import { createOperator, type Operator, type SinkDefinition, sinkOperator, type SourceDefinition } from '../operators/index.ts';
import { channelsOf, type Edge, ownedGroups, type PhysicalPlan, type PlannedOperator, type Stage } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { Manifest, SubtaskSnapshot } from '../state/index.ts';
import type { Transport } from '../transport/index.ts';
import { Chain, type ItemTarget } from './chain.ts';
import { DeadLetters } from './dead-letters.ts';
import { EdgeOutput } from './edge-output.ts';
import { type Assignment, type Deployment, subtaskName, type ToCoordinator } from './messages.ts';
import { OperatorCounters, operatorContext } from './operator-context.ts';
import { routerOf } from './routers.ts';
import type { Scheduler } from './scheduler.ts';
import { SourceFeed } from './source-feed.ts';
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
  readonly #owned: readonly [number, number];
  #members: Member[] = [];
  #chain: Chain | null = null;
  #task: Task | null = null;
  #feed: SourceFeed | null = null;
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
    this.#owned = ownedGroups(options.plan.keyGroups, this.stage.parallelism, this.index);
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
    if (this.#feed === null || this.#task === null) return;
    this.#task.request(barrier);
    this.#wake();
  }

  abort(epoch: Epoch): void {
    if (this.#o.environment.sabotage?.break === 'drop-aborted-dirty') this.#state?.forgetDelta(epoch);
    this.#task?.abort(epoch);
    this.#wake();
  }

  /** Publishes what is staged up to `epoch`; one commit at a time. */
  commit(epoch: Epoch, oldest: number): void {
    this.#commits = this.#commits.then(() => this.#commit(epoch, oldest));
  }

  get task(): Task | null {
    return this.#task;
  }

  get feed(): SourceFeed | null {
    return this.#feed;
  }

  get stateRows(): number {
    return this.#state?.rows ?? 0;
  }

  /** Since the generation began. */
  counters(): { rowsIn: number; rowsOut: number; late: number; deadLetters: number } {
    const sum = (of: keyof OperatorCounters): number => this.#members.reduce((total, member) => total + member.counters[of], 0);
    return { rowsIn: this.#recordsRead(), rowsOut: sum('rowsOut'), late: sum('late'), deadLetters: sum('deadLetters') };
  }

  /** Rows that have entered and left the stage. */
  rows(): { in: number; out: number } {
    if (this.#chain === null) return { in: 0, out: 0 };
    return { in: this.#chain.rowsIn(0), out: this.#chain.rowsOut(this.#members.length - 1) };
  }

  nextWindowEnd(): number | null {
    const ends = this.#members.map(({ operator }) => operator.nextWindowEnd).filter((end) => end !== undefined);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  splitWatermark(split: string): number {
    return this.#members.find(({ operator }) => operator.splitWatermark !== undefined)?.operator.splitWatermark?.(split) ?? -Infinity;
  }

  fail(thrown: unknown, operator: OperatorId | null = null): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    const { generation } = this.#o.deployment;
    this.machine.send({ type: 'FAIL' });
    this.#o.report({ kind: 'failed', generation, subtask: this.name, operator, error: WeirError.from(thrown, 'E_INTERNAL', this.stage.label) });
  }

  // ── actions of the machine

  async #restore(): Promise<void> {
    try {
      this.#build();
      const { deployment, assignment } = this.#o;
      await this.#state!.load(deployment.restore);
      this.#state!.restoreSplits(deployment.restore, this.stage.operators[0]!.id, assignment.splits);
      if (!this.#closed) this.machine.send({ type: 'RESTORED' });
    } catch (error) {
      this.fail(error);
    }
  }

  #run(): void {
    this.#o.scheduler.add(this.#task!);
    for (const receiver of this.#receivers) receiver.open();
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
    for (const { operator } of this.#members) await Promise.resolve(operator.close?.()).catch((error) => this.#o.environment.logger.warn({ subtask: this.name, err: String(error) }, 'an operator did not close cleanly'));
    this.machine.send({ type: 'CLOSED' });
  }

  // ── building

  #receivers: readonly ReturnType<Transport['receiver']>[] = [];

  #build(): void {
    const { plan, environment, deployment } = this.#o;
    const wake = (): void => this.#wake();
    const edges = new Map<number, EdgeOutput>();
    const edgeOf = (index: number): ItemTarget => {
      let output = edges.get(index);
      if (output === undefined) {
        output = this.#edgeOutput(plan.edges[index]!, wake);
        edges.set(index, output);
      }
      return output;
    };
    if (this.stage.deadLetterEdge !== null) this.#deadLetters = new DeadLetters(edgeOf(this.stage.deadLetterEdge), (deployment.restore?.epoch ?? 0) + 1);
    this.#members = this.stage.operators.map((planned) => ({ planned, operator: this.#operator(planned), counters: new OperatorCounters() }));
    this.#chain = new Chain(this.#members, edgeOf);
    this.#state = new SubtaskState({
      generation: deployment.generation,
      name: this.name,
      subtask: this.index,
      keyGroups: plan.keyGroups,
      owned: this.#owned,
      members: this.#members,
      blobs: environment.stores.blobs,
    });
    this.#members.forEach((member, i) => member.operator.open?.(this.#context(member, i)));
    this.#feed = this.#sourceFeed(wake);
    this.#receivers = this.stage.inputs.flatMap((index) => this.#incoming(plan.edges[index]!));
    for (const receiver of this.#receivers) receiver.onReadable(wake);
    this.#task = this.#newTask();
  }

  #operator(planned: PlannedOperator): Operator {
    const { node } = planned;
    if (node.kind !== 'sink') return createOperator(node, { id: planned.id, emissions: planned.emissions });
    const { plan, deployment, environment } = this.#o;
    return sinkOperator(node.sink as SinkDefinition, {
      id: planned.id,
      job: plan.job.name,
      mode: node.mode,
      everyMs: node.everyMs,
      fresh: deployment.restore === null,
      signal: this.#abort.signal,
      ...(environment.sabotage?.break === undefined ? {} : { sabotage: environment.sabotage.break }),
    });
  }

  #context({ planned, counters }: Member, index: number): ReturnType<typeof operatorContext> {
    const { plan, environment, deployment } = this.#o;
    return operatorContext({
      operator: planned.id,
      subtask: this.index,
      parallelism: this.stage.parallelism,
      generation: deployment.generation,
      keyGroups: plan.keyGroups,
      ownedGroups: this.#owned,
      clock: environment.clock,
      logger: environment.logger,
      state: this.#state!.of(index),
      counters,
      guarded: deployment.guarded.includes(planned.id),
      deadLetter: (record, cause) => this.#deadLetters.add(record, cause),
      wake: () => {
        this.#chain!.wake(index);
        this.#wake();
      },
    });
  }

  #edgeOutput(edge: Edge, wake: () => void): EdgeOutput {
    const { plan, transport } = this.#o;
    const channels = channelsOf(plan, edge).filter(({ from }) => from === this.index);
    const senders = channels.map(({ from, to }) => transport.sender({ edge: edge.index, from, to }));
    return new EdgeOutput(senders, routerOf(edge, senders.length, this.index, plan.keyGroups), wake);
  }

  #incoming(edge: Edge): ReturnType<Transport['receiver']>[] {
    const channels = channelsOf(this.#o.plan, edge).filter(({ to }) => to === this.index);
    return channels.map(({ from, to }) => this.#o.transport.receiver({ edge: edge.index, from, to }));
  }

  #sourceFeed(wake: () => void): SourceFeed | null {
    const root = this.stage.operators[0]!;
    if (root.node.kind !== 'source') return null;
    const { environment, plan, assignment, deployment } = this.#o;
    const starts = splitStarts(deployment.restore, root.id, assignment.splits);
    this.#recordsBefore = starts.reduce((sum, start) => sum + start.records, 0);
    const idle = this.stage.operators.flatMap(({ node }) => (node.kind === 'watermark' && node.idleAfterMs > 0 ? [node.idleAfterMs] : []));
    return new SourceFeed({
      definition: root.node.source as SourceDefinition,
      context: { job: plan.job.name, operator: root.id, clock: environment.clock, logger: environment.logger, journal: environment.stores.journal, batchRowsMax },
      starts,
      idleAfterMs: idle.length === 0 ? 0 : Math.min(...idle),
      wake,
    });
  }

  #newTask(): Task {
    const { environment, plan } = this.#o;
    const sources = plan.stages.filter((stage) => stage.operators[0]!.node.kind === 'source').reduce((sum, stage) => sum + stage.parallelism, 0);
    return new Task({
      name: this.name,
      depth: this.stage.index,
      chain: this.#chain!,
      inputs: this.#receivers,
      feed: this.#feed,
      epochBytesMax: environment.epochBytesMax / Math.max(1, sources),
      watermark: this.#state!.watermark(this.#o.deployment.restore),
      monotonic: () => environment.clock.monotonic(),
      events: {
        barrierPassed: (barrier) => this.#freeze(barrier),
        exhausted: () => this.#o.report({ kind: 'exhausted', generation: this.#o.deployment.generation, subtask: this.name }),
        hurry: () => this.#o.report({ kind: 'hurry', generation: this.#o.deployment.generation }),
        background: () => this.#state!.step(),
        mayTake: () => this.#deadLetters.ready,
        mayFreeze: () => this.#state!.canFreeze,
        deadRecords: (dead) => {
          for (const record of dead) {
            this.#deadLetters.add(record, new WeirError('E_RECORD', `${this.stage.operators[0]!.label}: ${record.error} (at ${record.position})`));
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
    const positions = this.#positions();
    this.#state!.rememberPositions(barrier.epoch, positions);
    const run = this.#sabotaged(this.#state!.freeze(barrier.epoch, positions, this.counters(), (i) => this.#chain!.watermarkOf(i)));
    const { generation } = this.#o.deployment;
    run.then(
      (snapshot) => {
        this.#wake();
        if (!this.#closed) this.#o.report({ kind: 'ack', generation, epoch: barrier.epoch, snapshot });
      },
      (error) => {
        this.#wake();
        if (!this.#closed) this.#o.report({ kind: 'decline', generation, epoch: barrier.epoch, subtask: this.name, reason: error instanceof Error ? error.message : String(error) });
      },
    );
    this.#wake();
  }

  /** Tests only (`--break offset-after-barrier`): the positions of a moment later. */
  async #sabotaged(run: Promise<SubtaskSnapshot>): Promise<SubtaskSnapshot> {
    const { sabotage, clock } = this.#o.environment;
    if (sabotage?.break !== 'offset-after-barrier' || this.#feed === null) return run;
    const snapshot = await run;
    await sleep(clock, 60);
    const later = new Map(this.#positions().map((position) => [position.split, position]));
    return { ...snapshot, parts: snapshot.parts.map((part) => ({ ...part, splits: part.splits.map((split) => ({ ...split, ...later.get(split.split), position: later.get(split.split)?.position ?? null })) })) };
  }

  #positions(): readonly SplitPosition[] {
    return (this.#feed?.splits ?? []).map(({ split, position, records, state }) => ({ split, position, records, ended: state === 'ended' }));
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
      if (position !== undefined) await definition.release(split, position, this.#sourceContext(root.id));
    }
  }

  #sourceContext(operator: OperatorId): Parameters<SourceDefinition['splits']>[0] {
    const { environment, plan } = this.#o;
    return { job: plan.job.name, operator, signal: this.#abort.signal, clock: environment.clock, logger: environment.logger, journal: environment.stores.journal, batchRowsMax };
  }

  #operatorOf(error: unknown): OperatorId | null {
    const named = error instanceof Error && 'operator' in error ? error.operator : undefined;
    return this.stage.operators.find(({ id }) => id === named)?.id ?? null;
  }

  #recordsRead(): number {
    return this.#feed === null ? 0 : this.#feed.splits.reduce((sum, split) => sum + split.records, 0) - this.#recordsBefore;
  }

  #wake(): void {
    if (this.#task !== null && !this.#closed) this.#o.scheduler.wake(this.#task);
  }
}

/** Rows that a source gives in one piece. */
const batchRowsMax = 1024;

function splitStarts(restore: Manifest | null, source: OperatorId, splits: readonly string[]): ConstructorParameters<typeof SourceFeed>[0]['starts'] {
  const known = new Map((restore?.operators[source] ?? []).flatMap((part) => part.splits.map((split) => [split.split, split] as const)));
  return splits.map((split) => {
    const from = known.get(split);
    return { split, position: from?.position, records: from?.records ?? 0, ended: from?.ended ?? false };
  });
}

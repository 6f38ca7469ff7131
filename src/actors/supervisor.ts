/**
 * Runs the subtasks of one worker, one generation at a time.
 *
 * Owns: the subtasks, their scheduler and their channels. A failed subtask is reported and waits to be closed; the
 * coordinator decides. Invariants: X1 a message of another generation than the deployed one is ignored; X2 a generation
 * is deployed only after the last one is closed; X3 once it was closed itself nothing is deployed any more: a deployment
 * may wait for its manifest meanwhile.
 */
import { type ActorRef, createActor } from 'xstate';
import { type Epoch, WeirError } from '../core/index.ts';
import type { Operator } from '../operators/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { ChannelId, Transport } from '../transport/index.ts';
import type { Deployment, SeenKey, ToCoordinator, ToSupervisor } from './messages.ts';
import { Scheduler } from './scheduler.ts';
import { Subtask } from './subtask.ts';
import { type SupervisorEvent, supervisorMachine } from './supervisor.machine.ts';
import type { WorkerEnvironment } from './worker-environment.ts';

/** Of what is open of a key, so much is told. */
const openMax = 100;

export class Supervisor {
  readonly name: string;
  readonly #plan: PhysicalPlan;
  readonly #environment: WorkerEnvironment;
  readonly #report: (message: ToCoordinator) => void;
  readonly #machine: ActorRef<any, SupervisorEvent>;
  #deployment: Deployment | null = null;
  #transport: Transport | null = null;
  #subtasks: readonly Subtask[] = [];
  #ready = 0;
  #closed = 0;
  #isOver = false;

  constructor(name: string, plan: PhysicalPlan, environment: WorkerEnvironment, report: (message: ToCoordinator) => void) {
    this.name = name;
    this.#plan = plan;
    this.#environment = environment;
    this.#report = report;
    this.#machine = createActor(
      supervisorMachine.provide({
        actions: {
          deploy: () => this.#deploy(),
          deployed: () => this.#say('deployed'),
          start: () => this.#start(),
          teardown: () => this.#teardown(),
          tornDown: () => this.#say('tornDown'),
        },
      }),
    );
    this.#machine.start();
  }

  get subtasks(): readonly Subtask[] {
    return this.#subtasks;
  }

  /** Closes whatever runs, as a crash would; resolves once it has. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#transport?.close();
    await Promise.all(this.#subtasks.map(closed));
  }

  receive(message: ToSupervisor): void {
    if (this.#isOver) return; // X3
    if (message.kind === 'deploy') return this.#onDeploy(message.deployment);
    if (message.generation !== this.#deployment?.generation) {
      // X1. A generation that was never deployed here is torn down already.
      if (message.kind === 'teardown') this.#report({ kind: 'tornDown', generation: message.generation, worker: this.name });
      return;
    }
    switch (message.kind) {
      case 'start':
        return this.#machine.send({ type: 'START' });
      case 'trigger':
        return this.#subtasks.forEach((subtask) => subtask.trigger(message.barrier));
      case 'abort':
        return this.#subtasks.forEach((subtask) => subtask.abort(message.epoch));
      case 'align':
        return this.#subtasks.forEach((subtask) => subtask.align(message.group, message.least));
      case 'look':
        return this.#look(message);
      case 'commit':
        this.#subtasks.forEach((subtask) => subtask.commit(message.epoch, message.oldest));
        return this.#retain(message.epoch);
      case 'teardown':
        return this.#machine.send({ type: 'TEARDOWN' });
    }
  }

  #look({ generation, question, operator, subtask, key }: Extract<ToSupervisor, { kind: 'look' }>): void {
    const all = this.#subtasks.filter(({ index }) => index === subtask).flatMap(({ operators }) => operators);
    const found = all.find(({ planned }) => planned.id === operator);
    if (found === undefined) return;
    this.#report({ kind: 'seen', generation, question, seen: { watermark: found.watermark, ...openOf(found.operator, key) } });
  }

  /** What a restart from this checkpoint would read. */
  #retain(epoch: Epoch): void {
    const { blobs } = this.#environment.stores;
    blobs.retain?.(new Set(this.#subtasks.flatMap((subtask) => subtask.chunksSince(epoch))));
  }

  #onDeploy(deployment: Deployment): void {
    if (deployment.fingerprint !== this.#plan.fingerprint) {
      const error = new WeirError(
        'E_STATE_INCOMPATIBLE',
        `worker ${this.name} has plan ${this.#plan.fingerprint}, the deployment is of plan ${deployment.fingerprint}`,
      );
      return this.#report({ kind: 'failed', generation: deployment.generation, subtask: this.name, operator: null, error });
    }
    if (!this.#machine.getSnapshot().can({ type: 'DEPLOY' })) return; // X2
    this.#deployment = deployment;
    this.#machine.send({ type: 'DEPLOY' });
  }

  #deploy(): void {
    const deployment = this.#deployment!;
    const { generation } = deployment;
    const transport = this.#environment.transport(generation, (id) => this.#isLocal(id));
    transport.onFailed((error) => this.#report({ kind: 'failed', generation, subtask: this.name, operator: null, error }));
    const scheduler = new Scheduler(this.#environment.clock, this.#environment.defer);
    this.#transport = transport;
    this.#ready = 0;
    this.#closed = 0;
    this.#subtasks = deployment.assignments.map(
      (assignment) =>
        new Subtask({
          plan: this.#plan,
          assignment,
          deployment,
          environment: this.#environment,
          transport,
          scheduler,
          report: this.#report,
          onReady: () => this.#count('ready'),
          onClosed: () => this.#count('closed'),
        }),
    );
    for (const subtask of this.#subtasks) subtask.machine.start();
    if (this.#subtasks.length === 0) this.#machine.send({ type: 'ALL_READY' });
  }

  /** Both ends of the channel are here. */
  #isLocal({ edge, from, to }: ChannelId): boolean {
    const { from: source, to: target } = this.#plan.edges[edge]!;
    const runs = (stage: number, subtask: number): boolean =>
      this.#deployment!.assignments.some((each) => each.stage === stage && each.subtask === subtask);
    return runs(source, from) && runs(target, to);
  }

  #count(what: 'ready' | 'closed'): void {
    const count = what === 'ready' ? ++this.#ready : ++this.#closed;
    if (count === this.#subtasks.length) this.#machine.send({ type: what === 'ready' ? 'ALL_READY' : 'ALL_CLOSED' });
  }

  #start(): void {
    for (const subtask of this.#subtasks) subtask.machine.send({ type: 'START' });
  }

  #teardown(): void {
    this.#transport?.close();
    for (const subtask of this.#subtasks) subtask.machine.send({ type: 'CLOSE' });
    if (this.#subtasks.length === 0) this.#machine.send({ type: 'ALL_CLOSED' });
  }

  #say(kind: 'deployed' | 'tornDown'): void {
    this.#report({ kind, generation: this.#deployment!.generation, worker: this.name });
  }
}

function closed({ machine }: Subtask): Promise<void> {
  if (machine.getSnapshot().status === 'done') return Promise.resolve();
  return new Promise((resolve) => {
    machine.subscribe({ complete: () => resolve() });
    machine.send({ type: 'CLOSE' });
  });
}

/** A question fails no job: what is thrown, by an aggregate of one's own on what there is so far, is the answer. */
function openOf(operator: Operator, key: string): Omit<SeenKey, 'watermark'> {
  try {
    return { open: (operator.openOf?.(key) ?? []).slice(0, openMax) };
  } catch (thrown) {
    return { open: [], error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

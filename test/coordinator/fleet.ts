/** A coordinator whose workers are the test. */
import { Coordinator, type CoordinatorOptions } from '../../src/coordinator/index.ts';
import { epoch, type ErrorCode, operatorId, seededRandom, silentLogger, WeirError } from '../../src/core/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { type MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { job, reduce, sink, source } from '../plan/nodes.ts';
import { snapshot } from './manifests.ts';

type Told = Parameters<CoordinatorOptions['send']>[1];
type Said = Parameters<Coordinator['receive']>[0];

export const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** Subtasks 0/0 and 0/1 (source), 1/0 and 1/1. */
export const planOf = (column = 'k', deadLetters = false): PhysicalPlan =>
  planJob(
    job(
      [sink(reduce(source('in', { name: 'in' }), column, { name: 'sum' }), 'update', { name: 'result' })],
      deadLetters ? { deadLetters: sink(source()).sink } : {},
    ),
  );
export const subtasks = ['0/0', '0/1', '1/0', '1/1'];

/** A job whose workers are the test: what they are told is written down, what they say the test says. */
export class Fleet {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly messages: Told[] = [];
  readonly coordinator: Coordinator;
  outcome = 'none';
  /** Those that are there. */
  workers: readonly string[];
  #arrived = (): void => {};

  constructor(
    disk: MemoryDisk,
    plan: PhysicalPlan = planOf(),
    workers: readonly string[] = ['x', 'y'],
    more: Partial<CoordinatorOptions> = {},
  ) {
    this.workers = workers;
    this.coordinator = new Coordinator({
      plan,
      stores: openMemoryStores(disk),
      workers: (signal) => this.#enough(signal),
      send: (worker, message) => {
        this.messages.push(message);
        this.told.push(`${worker} ${brief(message)}`);
      },
      discover: async () => ['s1', 's2'],
      endNow: async () => undefined,
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      ...more,
    });
    void this.coordinator.outcome.then((outcome) => {
      this.outcome = outcome.kind === 'failed' ? `failed ${outcome.error.code}: ${outcome.error.message}` : outcome.kind;
    });
  }

  /** Two of them are enough. */
  async #enough(signal: AbortSignal): Promise<readonly string[]> {
    const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    aborted.catch(() => undefined); // most deployments are not
    while (this.workers.length < 2) await Promise.race([aborted, new Promise<void>((resolve) => (this.#arrived = resolve))]);
    return this.workers;
  }
  async lose(worker: string): Promise<void> {
    this.workers = this.workers.filter((other) => other !== worker);
    this.coordinator.workerLost(worker, new WeirError('E_CHANNEL', `${worker} is gone`));
    this.clock.advance(0);
    await settle();
  }
  async join(worker: string): Promise<void> {
    this.workers = [...this.workers, worker];
    this.#arrived();
    await settle();
  }

  get generation(): Said['generation'] {
    return this.coordinator.generation;
  }

  say(message: Said): Promise<void> {
    this.coordinator.receive(message);
    return settle();
  }

  /** What was told since the last look. */
  news(): string[] {
    return this.told.splice(0);
  }

  async deployed(...workers: string[]): Promise<void> {
    for (const worker of workers) await this.say({ kind: 'deployed', generation: this.generation, worker });
  }
  async tornDown(...workers: string[]): Promise<void> {
    for (const worker of workers) await this.say({ kind: 'tornDown', generation: this.generation, worker });
  }
  async committed(n: number, ...who: string[]): Promise<void> {
    for (const subtask of who) await this.say({ kind: 'committed', generation: this.generation, epoch: epoch(n), subtask });
    this.clock.advance(0);
  }
  /** Everybody acknowledges and commits the epoch that is open. */
  async complete(n: number): Promise<void> {
    for (const subtask of subtasks)
      await this.say({ kind: 'ack', generation: this.generation, epoch: epoch(n), snapshot: snapshot(subtask) });
    await this.committed(n, ...subtasks);
  }
  async fail(code: ErrorCode = 'E_SINK', message = 'lost'): Promise<void> {
    await this.say({
      kind: 'failed',
      generation: this.generation,
      subtask: '1/0',
      operator: operatorId('sum'),
      error: new WeirError(code, message),
    });
  }
  async running(): Promise<this> {
    await this.coordinator.start();
    await settle();
    await this.deployed('x', 'y');
    return this;
  }
}

export function brief(message: Told): string {
  switch (message.kind) {
    case 'deploy':
      return `deploy ${message.deployment.generation}${message.deployment.restore === null ? '' : ` from ${message.deployment.restore.epoch}`}`;
    case 'trigger':
      return `trigger ${message.barrier.epoch}${message.barrier.last === undefined ? '' : ` ${message.barrier.last}`}`;
    case 'commit':
    case 'abort':
      return `${message.kind} ${message.epoch}`;
    default:
      return message.kind;
  }
}

/**
 * A whole job in one process: coordinator and workers wired over an injected environment.
 *
 * Owns: the wiring and the job's status. Production and tests run this same code; only the environment differs. Control
 * messages pass through `defer`, so that nobody is called back in the middle of a transition.
 */
import { type Subtask, Supervisor, type ToCoordinator, type ToSupervisor, type WorkerEnvironment } from '../actors/index.ts';
import { Coordinator } from '../coordinator/index.ts';
import { type OperatorId, type Random, WeirError } from '../core/index.ts';
import type { SourceDefinition } from '../operators/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { JobStores } from '../state/index.ts';
import { statusOf } from './job-status.ts';
import type { JobReport, JobStatus, RunningJob } from './status.ts';

export interface ClusterEnvironment extends WorkerEnvironment {
  readonly random: Random;
}
export interface ClusterOptions {
  readonly checkpointIntervalMs?: number;
}

/**
 * Reads the job's state and starts it.
 *
 * @throws WeirError `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_RUNNING`, `E_STORE`
 */
export async function startCluster(
  plan: PhysicalPlan,
  environment: ClusterEnvironment,
  options: ClusterOptions = {},
): Promise<RunningJob> {
  const cluster = new Cluster(plan, environment, options);
  await cluster.start();
  return cluster;
}

const worker = 'worker-0';

class Cluster implements RunningJob {
  readonly name: string;
  readonly finished: Promise<JobReport>;
  readonly #plan: PhysicalPlan;
  readonly #environment: ClusterEnvironment;
  readonly #coordinator: Coordinator;
  readonly #supervisor: Supervisor;
  readonly #abort = new AbortController();
  #killed = false;

  constructor(plan: PhysicalPlan, environment: ClusterEnvironment, options: ClusterOptions) {
    this.name = plan.job.name;
    this.#plan = plan;
    this.#environment = environment;
    this.#supervisor = new Supervisor(worker, plan, environment, (message) => this.#toCoordinator(message));
    this.#coordinator = new Coordinator({
      plan,
      stores: environment.stores,
      workers: async () => [worker],
      send: (_, message) => this.#toSupervisor(message),
      discover: (source) => this.#discover(source),
      clock: environment.clock,
      random: environment.random,
      logger: environment.logger,
      ...(environment.sabotage === undefined ? {} : { sabotage: environment.sabotage }),
      ...(options.checkpointIntervalMs === undefined ? {} : { checkpointIntervalMs: options.checkpointIntervalMs }),
    });
    const killed = new Promise<never>((_, reject) => {
      this.#abort.signal.addEventListener('abort', () =>
        reject(
          new WeirError('E_STUCK', `job ${plan.job.name} was ended as by a crash`, {
            hint: 'its next start goes on from its last checkpoint',
          }),
        ),
      );
    });
    this.finished = Promise.race([this.#coordinator.outcome, killed]).then((outcome) => {
      if (outcome.kind === 'failed') throw outcome.error;
      return this.status().report;
    });
    this.finished.catch(() => undefined); // whoever awaits it sees it; an embedding program may not
  }

  /** A job that had finished before only publishes what was staged: that is awaited. */
  async start(): Promise<void> {
    await this.#coordinator.start();
    if (this.#coordinator.hadFinished) await this.#coordinator.outcome;
  }

  stop(): Promise<JobReport> {
    this.#coordinator.stop();
    return this.finished;
  }

  checkpoint(): Promise<number> {
    return this.#coordinator.checkpoint();
  }

  savepoint(to: JobStores): Promise<number> {
    return this.#coordinator.savepoint(to);
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#coordinator.kill();
    this.#abort.abort();
    const subtasks = this.#supervisor.subtasks;
    await Promise.all(subtasks.map((subtask) => this.#close(subtask)));
  }

  status(): JobStatus {
    return statusOf(this.#plan, this.#coordinator, this.#supervisor.subtasks, this.#environment.clock);
  }

  async #close(subtask: Subtask): Promise<void> {
    if (subtask.machine.getSnapshot().status === 'done') return;
    const closed = new Promise<void>((resolve) => {
      subtask.machine.subscribe({ complete: () => resolve() });
    });
    subtask.machine.send({ type: 'CLOSE' });
    await closed;
  }

  #toCoordinator(message: ToCoordinator): void {
    this.#environment.defer(() => {
      if (!this.#killed) this.#coordinator.receive(message);
    });
  }

  #toSupervisor(message: ToSupervisor): void {
    this.#environment.defer(() => {
      if (!this.#killed) this.#supervisor.receive(message);
    });
  }

  #discover(source: OperatorId): Promise<readonly string[]> {
    const planned = this.#plan.stages.flatMap((stage) => stage.operators).find(({ id }) => id === source);
    if (planned === undefined || planned.node.kind !== 'source') throw new WeirError('E_INTERNAL', `${source} is not a source`);
    const { clock, logger, stores } = this.#environment;
    return (planned.node.source as SourceDefinition).splits({
      job: this.#plan.job.name,
      operator: source,
      signal: this.#abort.signal,
      clock,
      logger,
      journal: stores.journal,
      batchRowsMax: 1024,
    });
  }
}

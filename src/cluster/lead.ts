/**
 * The coordinator's side of a running job, wherever its workers are.
 *
 * Owns: the job as a program sees it: its end, its status, its checkpoints.
 */
import type { ToCoordinator } from '../actors/index.ts';
import { Coordinator } from '../coordinator/index.ts';
import {
  type Clock,
  type Logger,
  type OperatorId,
  type Random,
  type RunTrigger,
  type Sabotage,
  WeirError,
} from '../core/index.ts';
import { batchRowsMax, type SourceContext, type SourceDefinition } from '../operators/index.ts';
import type { PhysicalPlan } from '../plan/index.ts';
import type { JobStores } from '../state/index.ts';
import { statusOf } from './job-status.ts';
import { KeyQuestions } from './key-questions.ts';
import type { JobReport, JobStatus, RunningJob } from './status.ts';
import { type Why, askedOf, whyOf, whyOfKey } from './why.ts';
import type { Workers } from './workers.ts';

export interface LeadEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stores: JobStores;
  readonly sabotage?: Sabotage;
}
export interface LeadOptions {
  /** A stop is one of this coordinator, and not of the job: its workers wait for another (false). */
  readonly leaves?: () => boolean;
  readonly checkpointIntervalMs?: number;
  /** `continuous` unless said. */
  readonly trigger?: RunTrigger;
  /** It is known what it goes on from: workers are waited for from now on, also by a job that had finished and only publishes. */
  readonly begun?: () => void;
}
/** How workers reach the coordinator. */
export interface WorkerReports {
  readonly said: (message: ToCoordinator) => void;
  readonly lost: (worker: string, error: WeirError) => void;
}

export class Lead implements RunningJob {
  readonly name: string;
  readonly finished: Promise<JobReport>;
  readonly #plan: PhysicalPlan;
  readonly #environment: LeadEnvironment;
  readonly #coordinator: Coordinator;
  readonly #workers: Workers;
  readonly #questions: KeyQuestions;
  readonly #abort = new AbortController();
  readonly #begun: () => void;

  constructor(
    plan: PhysicalPlan,
    environment: LeadEnvironment,
    { checkpointIntervalMs, trigger, leaves = () => false, begun = () => undefined }: LeadOptions,
    workers: (reports: WorkerReports) => Workers,
  ) {
    this.name = plan.job.name;
    this.#begun = begun;
    this.#plan = plan;
    this.#environment = environment;
    const { clock, random, logger, stores, sabotage } = environment;
    this.#coordinator = new Coordinator({
      plan,
      stores,
      workers: (signal) => this.#workers.available(signal),
      send: (worker, message) => this.#workers.send(worker, message),
      discover: (source) => this.#discover(source),
      endNow: async (source, split) => this.#definition(source).endNow?.(split, this.#context(source)),
      clock,
      random,
      logger,
      ...(sabotage === undefined ? {} : { sabotage }),
      ...(checkpointIntervalMs === undefined ? {} : { checkpointIntervalMs }),
      ...(trigger === undefined ? {} : { trigger }),
    });
    this.#workers = workers({
      said: (message) => this.#said(message),
      lost: (worker, error) => this.#coordinator.workerLost(worker, error),
    });
    this.#questions = new KeyQuestions({
      plan,
      clock,
      workers: () => this.#workers,
      generation: () => this.#coordinator.generation,
    });
    this.finished = Promise.race([this.#coordinator.outcome, this.#killed()]).then(async (outcome) => {
      await this.#workers.release(outcome.kind === 'stopped' && leaves());
      if (outcome.kind === 'failed') throw outcome.error;
      return this.status().report;
    });
    this.finished.catch(() => undefined); // whoever awaits it sees it; an embedding program may not
  }

  /** It ends with what is there, and another run goes on. */
  get drains(): boolean {
    return this.#coordinator.drains;
  }

  /** A job that had finished before only publishes what was staged: that is awaited. */
  async start(): Promise<void> {
    await this.#coordinator.start();
    this.#begun();
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
    this.#coordinator.kill();
    this.#abort.abort();
    await this.#workers.kill();
  }

  status(): JobStatus {
    return statusOf(this.#plan, this.#coordinator, this.#workers.facts(), this.#workers);
  }

  async why(operator?: string, key?: string): Promise<Why> {
    const why = whyOf(this.status(), operator);
    if (key === undefined) return why;
    const asked = askedOf(why);
    return whyOfKey(this.status(), asked, await this.#questions.ask(asked, key));
  }

  /** What a source's reader in another process asks of its definition. */
  async assist(source: string, request: unknown): Promise<unknown> {
    const definition = this.#definition(source);
    if (definition.assist === undefined) throw new WeirError('E_INTERNAL', `source ${source} assists nobody`);
    return definition.assist(request, this.#context(source));
  }

  #said(message: ToCoordinator): void {
    if (message.kind === 'seen') this.#questions.answered(message.question, message.seen);
    else this.#coordinator.receive(message);
  }

  #killed(): Promise<never> {
    const error = new WeirError('E_STUCK', `job ${this.name} was ended as by a crash`, {
      hint: 'its next start goes on from its last checkpoint',
    });
    return new Promise((_, reject) => this.#abort.signal.addEventListener('abort', () => reject(error)));
  }

  #discover(source: OperatorId): Promise<readonly string[]> {
    return this.#definition(source).splits(this.#context(source));
  }

  #definition(source: string): SourceDefinition {
    const planned = this.#plan.stages.flatMap((stage) => stage.operators).find(({ id }) => id === source);
    if (planned === undefined || planned.node.kind !== 'source') throw new WeirError('E_INTERNAL', `${source} is not a source`);
    return planned.node.source as SourceDefinition;
  }

  #context(source: string): SourceContext {
    const { clock, logger, stores } = this.#environment;
    return {
      job: this.#plan.job.name,
      operator: source,
      signal: this.#abort.signal,
      clock,
      logger,
      journal: stores.journal,
      batchRowsMax,
    };
  }
}

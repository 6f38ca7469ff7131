/**
 * A job whose workers are threads of this process: its coordinator and its state are in the main thread.
 *
 * Owns: the order of its end: the job, the threads, the stores.
 */
import { Fleet, Lead, type RunningJob } from '../../cluster/index.ts';
import type { WeirError } from '../../core/index.ts';
import { type LogicalJob, type PhysicalPlan, planJob } from '../../plan/index.ts';
import type { JobStores } from '../../state/index.ts';
import { PortBus, PortLinks } from '../../transport/index.ts';
import { connectConnectors } from '../nats/connector-connections.ts';
import type { OperatedJob } from '../operated-job.ts';
import { realClock } from '../real-clock.ts';
import { realRandom } from '../real-random.ts';
import { readSavepoint } from '../savepoint.ts';
import { closing, jobDirectory, openStores, runOptions, type StartJobOptions } from '../start-job.ts';
import { prefix } from './thread-messages.ts';
import { WorkerThreads } from './worker-threads.ts';

export interface LeadThreadsOptions extends StartJobOptions {
  readonly threads: number;
  /** The module that worker threads run: it calls `joinThread`. */
  readonly entry: URL;
  readonly settings: unknown;
  /** Words after `--`: threads make the same plan of them. */
  readonly params: readonly string[];
  /** Weir's own. */
  readonly version: string;
}

/**
 * Resolves once the job runs; at once with a finished job if it had finished before.
 *
 * @throws WeirError as `startJob` does; what a thread throws that is of no use
 */
export async function leadThreads(job: LogicalJob, options: LeadThreadsOptions): Promise<OperatedJob> {
  const plan = planJob(job, options.parallelism);
  connectConnectors(options.nats ?? {}, process.env, options.logger);
  const stores = await openStores(jobDirectory(options.stateDir, job.name), options.fresh ?? false);
  try {
    if (options.fromSavepoint !== undefined) await readSavepoint(options.fromSavepoint, stores);
  } catch (error) {
    await stores.close();
    throw error;
  }
  return new Leading(plan, options, stores).start();
}

class Leading {
  readonly #lead: Lead;
  readonly #threads: WorkerThreads;
  readonly #stores: JobStores;
  readonly #hopeless: Promise<never>;
  #fleet!: Fleet;
  #giveUp: (error: WeirError) => void = () => {};
  #hasGivenUp = false;

  constructor(plan: PhysicalPlan, options: LeadThreadsOptions, stores: JobStores) {
    const { logger, sabotage } = options;
    const { job, parallelism, fingerprint } = plan;
    const links = new PortLinks();
    this.#stores = stores;
    this.#hopeless = new Promise((_, reject) => {
      this.#giveUp = (error) => {
        this.#hasGivenUp = true;
        reject(error);
      };
    });
    this.#hopeless.catch(() => undefined); // part of `finished`
    this.#lead = new Lead(
      plan,
      { clock: realClock, random: realRandom, logger, stores, ...(sabotage === undefined ? {} : { sabotage }) },
      runOptions(options),
      (reports) => {
        const spec = { job: job.name, params: options.params, parallelism, fingerprint, version: options.version };
        const session = `main-${realRandom.id().slice(0, 8)}`;
        this.#fleet = new Fleet({ bus: new PortBus(links), prefix, session, clock: realClock, logger, spec, reports });
        return this.#fleet;
      },
    );
    this.#threads = new WorkerThreads({
      count: options.threads,
      entry: options.entry,
      settings: options.settings,
      links,
      stores,
      clock: realClock,
      logger,
      ended: (name) => this.#fleet.processEnded(name),
      hopeless: (error) => this.#giveUp(error),
    });
  }

  async start(): Promise<OperatedJob> {
    const job = closing(this.#running(), { ...this.#stores, close: () => this.#close() });
    await Promise.race([this.#lead.start(), this.#hopeless]).catch(async (error: unknown) => {
      await job.kill();
      throw error;
    });
    return job;
  }

  #running(): RunningJob {
    const lead = this.#lead;
    const finished = Promise.race([lead.finished, this.#hopeless]);
    return {
      name: lead.name,
      finished,
      stop: async () => {
        lead.stop().catch(() => undefined); // `finished` says it
        return finished;
      },
      checkpoint: () => lead.checkpoint(),
      savepoint: (to) => lead.savepoint(to),
      kill: () => this.#kill(),
      status: () => lead.status(),
      why: (operator, key) => lead.why(operator, key),
    };
  }

  async #kill(): Promise<void> {
    await this.#threads.kill();
    await this.#lead.kill();
  }

  async #close(): Promise<void> {
    await (this.#hasGivenUp ? this.#kill() : this.#threads.close());
    await this.#stores.close();
  }
}

/**
 * The coordinator of a job whose workers are other processes, over NATS.
 *
 * Owns: the order of things: connected, checked, said what will be made, leading, and only then anything of the job is touched.
 */
import { Fleet, type JobReport, type JobSpec, Lead, Leadership } from '../../cluster/index.ts';
import { type JobOver, leaseCell } from '../../coordinator/index.ts';
import type { Logger, RunTrigger, Sabotage } from '../../core/index.ts';
import { type LogicalJob, type PhysicalPlan, planJob } from '../../plan/index.ts';
import { type JobStores, forgetNatsStores, natsStoreNames, openNatsStores } from '../../state/index.ts';
import { Ending, endOf } from '../ending.ts';
import { natsBus } from '../nats/bus.ts';
import type { ConnectionOptions } from '../nats/connection-options.ts';
import { type OpenConnection, openConnection } from '../nats/open-connection.ts';
import { controlSubjects } from '../nats/permissions.ts';
import { checkServer, describeServer, type ServerReport } from '../nats/server-check.ts';
import type { OperatedJob } from '../operated-job.ts';
import { realClock } from '../real-clock.ts';
import { realRandom } from '../real-random.ts';
import { readSavepoint } from '../savepoint.ts';
import { runOptions } from '../start-job.ts';
import { type Assist, offerAssistance } from './assistance.ts';
import { type JobPlace, makeSharedStores } from './job-stores.ts';
import { announceJob } from './known-jobs.ts';
import { NeverLed } from './never-led.ts';
import { OperatorDesk } from './operator-desk.ts';
import { subjectPrefix } from './subject-prefix.ts';
import { workerName } from './worker-name.ts';

export interface LeadJobOptions {
  readonly connection: ConnectionOptions;
  /** The module's file name, without its ending. */
  readonly module: string;
  /** Words after `--`: workers make the same plan of them. */
  readonly params: readonly string[];
  /** Weir's own. */
  readonly version: string;
  readonly logger: Logger;
  readonly parallelism?: number;
  readonly checkpointIntervalMs?: number;
  /** `continuous` unless said. */
  readonly trigger?: RunTrigger;
  /** Forgets the state that there is (false). */
  readonly fresh?: boolean;
  readonly fromSavepoint?: string;
  /** A directory of all machines, for snapshots (NATS, or where those of the job are). */
  readonly snapshots?: string;
  /** Where they are if nobody asks: of a server that is this job's alone, beside its files. */
  readonly ownSnapshots?: string;
  /** Its workers go with it (false: they wait for another coordinator when this one is told to end). */
  readonly hasOwnWorkers?: boolean;
  /** Ends the wait for the lease. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Tests only. */
  readonly sabotage?: Sabotage;
}

export interface LedJob extends OperatedJob {
  /** A worker process of this machine has ended. */
  processEnded(pid: number): void;
}

/**
 * Resolves once this process leads the job; until then another one does.
 *
 * @throws NeverLed if the job came to its end while it waited; WeirError `E_BROKER`, `E_PLAN`, `E_STATE_DAMAGED`, `E_STATE_INCOMPATIBLE`, `E_STORE`
 */
export async function leadJob(job: LogicalJob, options: LeadJobOptions): Promise<LedJob> {
  const plan = planJob(job, options.parallelism);
  const connection = await openConnection(options.connection, realClock, options.logger, `weir coordinator ${job.name}`);
  try {
    const { signal } = options;
    const server = await connection.throughOutages(() => checked(connection, job, options), signal);
    const made = [...natsStoreNames(job.name), `subjects ${subjectPrefix(job.name)}.>`];
    options.say(`on ${describeServer(server)}: ${made.join(', ')}`);
    const stores = await connection.throughOutages(
      () => openNatsStores({ ...placeOf(connection, job, options), create: true, random: realRandom }),
      signal,
    );
    return await new Leading(plan, options, connection, stores).start();
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function checked({ nats }: OpenConnection, { name }: LogicalJob, { connection }: LeadJobOptions): Promise<ServerReport> {
  const { jetStream, inboxPrefix, timeoutMs } = connection;
  const inbox = inboxPrefix === undefined ? {} : { inboxPrefix };
  return checkServer(nats, { jetStream, timeoutMs, ...inbox, ...controlSubjects(name, 'coordinator') });
}

function placeOf({ nats }: OpenConnection, { name }: LogicalJob, { connection }: LeadJobOptions): JobPlace {
  const { jetStream, timeoutMs } = connection;
  return { connection: nats, job: name, jetStream, timeoutMs };
}

class Leading {
  readonly #plan: PhysicalPlan;
  readonly #o: LeadJobOptions;
  readonly #connection: OpenConnection;
  /** For the lease, before anything of the job may be looked at. */
  readonly #stores: JobStores;
  #shared: JobStores | null = null;
  #fleet: Fleet | null = null;
  readonly #leadership: Leadership;
  readonly #ending: Ending = new Ending(() => this.#leadership.stop());
  #desk: OperatorDesk | null = null;
  #hasWaited = false;
  #begun!: () => void;
  readonly #hasBegun: Promise<void> = new Promise((resolve) => (this.#begun = resolve));

  constructor(plan: PhysicalPlan, options: LeadJobOptions, connection: OpenConnection, stores: JobStores) {
    this.#plan = plan;
    this.#o = options;
    this.#connection = connection;
    this.#stores = stores;
    this.#leadership = new Leadership({
      pointers: stores.pointers,
      clock: realClock,
      random: realRandom,
      logger: options.logger,
      signal: options.signal,
      lead: (session) => this.#lead(session),
      leads: (lead, over) => {
        if (this.#hasWaited) options.say(`this process leads job ${plan.job.name} now`);
        this.#assistDuring(lead, over);
      },
      severed: () => this.#disconnected(),
      waiting: (holder) => {
        this.#hasWaited = true;
        options.say(`${holder} leads this job: waiting to take over`);
      },
    });
  }

  async start(): Promise<LedJob> {
    const first = await this.#leadership.acquire();
    if (typeof first === 'string') throw new NeverLed(this.#overElsewhere(first));
    this.#shared = await this.#connection.throughOutages(() => this.#made(), this.#o.signal);
    if (this.#o.fromSavepoint !== undefined) await readSavepoint(this.#o.fromSavepoint, this.#shared);
    const quiet = announceJob(natsBus(this.#connection.nats), { job: this.#plan.job.name, module: this.#o.module });
    const finished = this.#untilClosed(this.#leadership.lead(first)).finally(quiet);
    finished.catch(() => undefined); // whoever awaits it sees it
    const led = this.#job(finished);
    const { nats } = this.#connection;
    const leads = (): boolean => this.#leadership.isHeld;
    this.#desk = new OperatorDesk({
      bus: natsBus(nats, this.#o.logger),
      clock: realClock,
      logger: this.#o.logger,
      job: led,
      leads,
    });
    // Its own workers come once this is over: what had finished waits for them all the same, to publish.
    await Promise.race([this.#leadership.started, finished, ...(this.#o.hasOwnWorkers === true ? [this.#hasBegun] : [])]);
    return led;
  }

  async #made(): Promise<JobStores> {
    const place = placeOf(this.#connection, this.#plan.job, this.#o);
    if (this.#o.fresh === true) await forgetNatsStores(place.connection, place.job, [leaseCell], place);
    return makeSharedStores(place, this.#o.snapshots, this.#o.ownSnapshots);
  }

  #job(finished: Promise<JobReport>): LedJob {
    return {
      name: this.#plan.job.name,
      finished,
      stop: async () => {
        this.#leadership.stop();
        return finished;
      },
      stopForAll: (savepoint) => this.#ending.ask(savepoint),
      checkpoint: () => this.#present.checkpoint(),
      savepoint: (to) => this.#present.savepoint(to),
      kill: () => this.#present.kill(),
      status: () => this.#present.status(),
      why: (operator, key) => this.#present.why(operator, key),
      processEnded: (pid) => this.#fleet?.processEnded(workerName(pid)),
    };
  }

  get #present(): Lead {
    return this.#leadership.present!;
  }

  /** Whoever stopped it hears so when nothing of it is left: they may start it again at once. */
  async #untilClosed(over: Promise<JobReport | JobOver>): Promise<JobReport> {
    const asked = (): JobOver | undefined => (this.#ending.isStopping ? 'stopped' : undefined);
    try {
      const report = await this.#reportOf(over);
      const end = endOf(this.#present.status());
      await this.#ending.copyFrom(this.#shared!);
      await this.#leadership.release(end.state === 'finished' ? end.state : asked());
      await this.#ending.over(end);
      return report;
    } catch (error) {
      await this.#leadership.release(asked());
      await this.#ending.failed(error);
      throw error;
    } finally {
      await this.#desk?.close();
      await this.#shared!.close();
      await this.#stores.close();
      await this.#connection.close();
    }
  }

  async #reportOf(ended: Promise<JobReport | JobOver>): Promise<JobReport> {
    const over = await ended;
    if (typeof over !== 'string') return over;
    this.#o.say(this.#overElsewhere(over));
    return this.#present.status().report;
  }

  #overElsewhere(over: JobOver): string {
    const { name } = this.#plan.job;
    return over === 'finished'
      ? `job ${name} has finished: nothing is left to do`
      : `job ${name} was stopped: a new start goes on`;
  }

  #assistDuring(lead: Lead, over: Promise<unknown>): void {
    const assist: Assist = (source, request) => lead.assist(source, request);
    const leaveAlone = offerAssistance(this.#connection.nats, this.#plan.job.name, assist, this.#o.logger);
    over.then(leaveAlone, leaveAlone);
  }

  #lead(session: string): Lead {
    const { logger, sabotage } = this.#o;
    const environment = {
      clock: realClock,
      random: realRandom,
      logger,
      stores: this.#shared!,
      ...(sabotage === undefined ? {} : { sabotage }),
    };
    const options = {
      leaves: () => this.#o.hasOwnWorkers !== true && !this.#ending.isStopping,
      begun: () => this.#begun(),
      ...runOptions(this.#o),
    };
    const bus = natsBus(this.#connection.nats, logger);
    const prefix = subjectPrefix(this.#plan.job.name);
    const spec = this.#spec();
    return new Lead(this.#plan, environment, options, (reports) => {
      this.#fleet = new Fleet({ bus, prefix, session, clock: realClock, logger, spec, reports });
      return this.#fleet;
    });
  }

  #spec(): JobSpec {
    const { job, parallelism, fingerprint } = this.#plan;
    return { job: job.name, params: this.#o.params, parallelism, fingerprint, version: this.#o.version };
  }

  async #disconnected(): Promise<never> {
    const error = await this.#connection.closed();
    if (error === undefined) return new Promise(() => undefined); // closed by us: the job is over
    throw error;
  }
}

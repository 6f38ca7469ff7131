/**
 * The jobs whose coordinators are on a NATS server.
 *
 * Owns: the connection of an operator, and the words for a coordinator that does not answer. A job is known by what its coordinator
 * announces, and asked on its control subject.
 */
import { createInbox } from '@nats-io/transport-node';
import { type Why, whyOf } from '../cluster/index.ts';
import { type Clock, type Logger, WeirError } from '../core/index.ts';
import {
  type AnnouncedJobs,
  announcedJobs,
  checkPermissions,
  type ConnectionFlags,
  connectionOptions,
  controlSubject,
  type LastAnswer,
  natsBus,
  openConnection,
  type OpenConnection,
  type OperatorRequest,
  refused,
  type Saved,
  type Stopped,
} from '../runtime/index.ts';
import type { Bus } from '../transport/index.ts';
import { askCoordinator, type Outcome } from './ask-coordinator.ts';
import { noSuchJob, type Observed, type RunningJobs, type Unheard } from './running-jobs.ts';

export interface NatsPlace {
  readonly flags: ConnectionFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a job takes longer than a moment to do what was asked. */
  readonly slow: (job: string) => void;
}
interface Reached extends Pick<NatsPlace, 'clock' | 'slow'> {
  readonly connection: OpenConnection;
  readonly bus: Bus;
  readonly inboxPrefix: string | undefined;
  readonly timeoutMs: number;
}

/** Jobs that are asked at a time. */
const askedAtOnce = 16;

/** @throws WeirError `E_BROKER`, `E_USAGE` */
export async function jobsOnNats({ flags, environment, clock, logger, slow }: NatsPlace): Promise<RunningJobs> {
  const options = await connectionOptions(flags, environment);
  if (options === undefined)
    throw new WeirError('E_USAGE', 'nothing names the NATS server of the coordinator', {
      hint: 'give --nats URL, or set NATS_URL; for a job that runs with --http PORT: --http http://127.0.0.1:PORT',
    });
  const connection = await openConnection(options, clock, logger, 'weir operator');
  const { inboxPrefix, timeoutMs } = options;
  const bus = natsBus(connection.nats, logger);
  return new JobsOnNats({ connection, bus, clock, slow, timeoutMs, inboxPrefix });
}

class JobsOnNats implements RunningJobs {
  readonly place: string;
  readonly #r: Reached;
  readonly #announced: AnnouncedJobs;

  constructor(reached: Reached) {
    this.#r = reached;
    this.place = `nats://${reached.connection.server}`;
    this.#announced = announcedJobs(reached.bus);
  }

  async all(): Promise<readonly (Observed | Unheard)[]> {
    const names = await this.#announced.all();
    const found: (Observed | Unheard)[] = [];
    for (let at = 0; at < names.length; at += askedAtOnce)
      found.push(...(await Promise.all(names.slice(at, at + askedAtOnce).map((name) => this.#statusOrWhy(name)))));
    return found;
  }

  async status(job: string): Promise<Observed> {
    return this.#ask(job, { ask: 'status' }, 'status');
  }

  async why(job: string, operator?: string, key?: string): Promise<Why> {
    // A coordinator that knows no keys is asked as ever.
    if (key === undefined) return whyOf((await this.status(job)).status, operator);
    return (await this.#ask(job, { ask: 'why', key, ...(operator === undefined ? {} : { operator }) }, 'why')).why;
  }

  async stop(job: string, savepoint?: string): Promise<Stopped> {
    const {
      state,
      epoch,
      savepoint: directory,
    } = await this.#ask(job, savepoint === undefined ? { ask: 'stop' } : { ask: 'stop', savepoint }, 'stopped');
    return { state, epoch, savepoint: directory };
  }

  async savepoint(job: string, directory: string): Promise<Saved> {
    return this.#ask(job, { ask: 'savepoint', directory }, 'saved');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#announced.close();
    await this.#r.connection.close();
  }

  async #statusOrWhy(job: string): Promise<Observed | Unheard> {
    try {
      return await this.status(job);
    } catch (error) {
      return { job, error: error instanceof Error ? error.message : String(error) };
    }
  }

  async #ask<K extends Exclude<LastAnswer['kind'], 'failed'>>(
    job: string,
    request: OperatorRequest,
    kind: K,
  ): Promise<Extract<LastAnswer, { kind: K }>> {
    const { bus, clock, timeoutMs, inboxPrefix, slow, connection } = this.#r;
    const control = { publish: [controlSubject(job)], ...(inboxPrefix === undefined ? {} : { inboxPrefix }) };
    await checkPermissions(connection.nats, control);
    const inbox = createInbox(inboxPrefix);
    const outcome = await askCoordinator(request, { bus, clock, job, inbox, timeoutMs, slow: () => slow(job) });
    if (outcome.kind === 'failed') throw refused(outcome.error);
    if (outcome.kind === kind) return outcome as Extract<LastAnswer, { kind: K }>;
    throw await this.#unanswered(job, outcome);
  }

  async #unanswered(job: string, outcome: Outcome): Promise<WeirError> {
    const seconds = this.#r.timeoutMs / 1000;
    if (outcome.kind === 'absent' && outcome.wasThere)
      return new WeirError('E_STUCK', `the coordinator of ${job} ended before it said how, and no other leads the job`, {
        hint: 'its next start goes on from its last checkpoint',
      });
    if (outcome.kind === 'absent') {
      const there = await this.#announced.all();
      if (!there.includes(job)) return noSuchJob(job, there, this.place);
    }
    return new WeirError('E_STUCK', `the coordinator of ${job} at ${this.place} does not answer within ${seconds} s`, {
      hint: 'look at its log; --timeout 30s waits longer',
    });
  }
}

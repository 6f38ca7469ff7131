/**
 * A coordinator among others: it contends for the lease, leads while it has it, and contends again when an outage has cost it.
 *
 * Owns: when this process leads, and under which name. Does not own: what it leads with (lead.ts), the lease itself.
 * Invariants: RJ1 a coordinator that loses its lease ends what it leads as by a crash, and waits to lead again: nothing of its former
 * life has an effect any more.
 */
import { acquireLease, type JobOver, type Lease, LeaseLost } from '../../coordinator/index.ts';
import { type Clock, type Logger, type Random, sleep, WeirError } from '../../core/index.ts';
import type { PointerStore } from '../../state/index.ts';
import type { Lead } from '../lead.ts';
import type { JobReport } from '../status.ts';

export interface LeadershipOptions {
  /** Of the lease. */
  readonly pointers: PointerStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the wait for the lease. */
  readonly signal: AbortSignal;
  /** What it leads with, in one life as a leader. */
  readonly lead: (session: string) => Lead;
  /** It leads from now on, until `over` settles. */
  readonly leads?: (lead: Lead, over: Promise<unknown>) => void;
  /** Rejects when this process can lead no more. */
  readonly severed: () => Promise<never>;
  /** Called with the name of who leads, if there is one to wait for. */
  readonly waiting: (holder: string) => void;
}

/** A life as a leader. */
interface Life {
  readonly started: Promise<void>;
  readonly over: Promise<JobReport>;
}

const againMs = 250;

/** Settles only if the other fails. */
const failed = (other: Promise<unknown>): Promise<never> => other.then(() => new Promise<never>(() => undefined));

export class Leadership {
  /** Resolves once it leads for the first time. */
  readonly started: Promise<void>;
  #resolveStarted: () => void = () => undefined;
  readonly #o: LeadershipOptions;
  readonly #former = new Set<string>();
  #session = '';
  #lease: Lease | null = null;
  #present: Lead | null = null;
  #stopAsked = false;
  /** Others led, or it did: nobody waits for a verdict on how it was started. */
  #hasWaited = false;
  #isStarted = false;

  constructor(options: LeadershipOptions) {
    this.#o = options;
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve));
  }

  /** What it leads with, or last led with. */
  get present(): Lead | null {
    return this.#present;
  }

  /** False as soon as another one may lead. */
  get isHeld(): boolean {
    return this.#lease?.isHeld === true;
  }

  /**
   * Contends for the lease, however long the store is away.
   *
   * @returns why nobody need lead, if the job came to its end while it waited
   */
  async acquire(): Promise<Lease | JobOver> {
    for (let said = ''; ; ) {
      try {
        return await this.#acquire();
      } catch (error) {
        if (this.#o.signal.aborted || !(error instanceof WeirError) || error.retry === 'never') throw error;
        if (error.message !== said)
          this.#o.logger.warn({ err: error.message }, 'cannot contend for the lease; it is tried again');
        said = error.message;
        await sleep(this.#o.clock, againMs, this.#o.signal);
      }
    }
  }

  /** Leads until the job is over, here or elsewhere. */
  async lead(lease: Lease): Promise<JobReport | JobOver> {
    for (let life = this.#begin(lease); ; ) {
      try {
        return await life.over;
      } catch (error) {
        if (!this.#goesOn(error)) throw error;
        this.#o.logger.warn({ session: this.#session }, `${(error as Error).message}: contending for the lease again`);
        this.#hasWaited = true;
        await this.#lease?.release();
        if (!(error instanceof LeaseLost)) await sleep(this.#o.clock, againMs, this.#o.signal);
        const next = await this.acquire();
        if (typeof next === 'string') return next;
        life = this.#begin(next);
        if (this.#stopAsked) void life.started.then(() => this.#present!.stop()).catch(() => undefined); // `over` says it
      }
    }
  }

  stop(): void {
    this.#stopAsked = true;
    this.#present!.stop().catch(() => undefined); // `over` says it
  }

  /** @param over what those that wait beside it are told */
  async release(over?: JobOver): Promise<void> {
    await this.#lease?.release(over);
  }

  #begin(lease: Lease): Life {
    this.#lease = lease;
    this.#isStarted = false;
    const lead = this.#o.lead(this.#session);
    this.#present = lead;
    const lost = Promise.race([lease.lost, this.#o.severed()]);
    const over = Promise.race([lead.finished, lost]);
    over.catch(() => void lead.kill()); // RJ1
    this.#o.leads?.(lead, over);
    const started = Promise.race([lead.start(), lost]).then(() => {
      this.#isStarted = true;
      this.#resolveStarted();
    });
    started.catch(() => void lead.kill());
    return { over: Promise.race([over, failed(started)]), started };
  }

  /** An outage of the store costs the lease, or the beginning of one that took over: neither is this job's end. */
  #goesOn(error: unknown): boolean {
    // Others may lead already, or led until now without knowing better, and have changed what this one looked at.
    if (!this.isHeld || error instanceof LeaseLost || (error instanceof WeirError && error.code === 'E_RUNNING')) return true;
    return !this.#isStarted && this.#hasWaited && error instanceof WeirError && error.retry !== 'never';
  }

  #acquire(): Promise<Lease | JobOver> {
    const { pointers, clock, random, signal, waiting } = this.#o;
    this.#former.add(this.#session);
    this.#session = `coordinator-${random.id().slice(0, 8)}`;
    return acquireLease({
      pointers,
      clock,
      holder: this.#session,
      former: this.#former,
      signal,
      hasWaited: this.#hasWaited,
      waiting: (holder) => {
        this.#hasWaited = true;
        waiting(holder);
      },
    });
  }
}

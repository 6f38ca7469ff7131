/**
 * Who leads a job: one coordinator, and others that wait to take over.
 *
 * Owns: the lease in one pointer cell. Nobody compares clocks: a contender takes over when it has seen the cell unchanged for the
 * length of the lease on its own monotonic clock. Safety never rests on this, only on the commit pointer and the fences of sinks.
 * A holder that gives it back may leave a mark that the job is over: then those who waited beside it need not go on, while one that
 * comes later leads.
 * Invariants: LE1 the cell moves by compare-and-set only: of two contenders one wins; LE2 a holder that could not renew in time
 * gives up by itself, before any contender can have taken over.
 */
import { packValue, unpackValue } from '../batch/index.ts';
import { type Clock, sleep, type Timer, WeirError } from '../core/index.ts';
import type { PointerStore } from '../state/index.ts';

/** Why nobody need lead a job any more. */
export type JobOver = 'stopped' | 'finished';

interface LeaseValue {
  readonly holder: string;
  readonly renewals: number;
  /** Given back: nobody need wait. */
  readonly free: boolean;
  /** Given back because the job is over, for whoever waits too. */
  readonly over?: JobOver;
}
export interface LeaseOptions {
  readonly pointers: PointerStore;
  readonly clock: Clock;
  /** This life of the coordinator. */
  readonly holder: string;
  /** Earlier lives of this coordinator, which have ended: nobody need wait for them. */
  readonly former?: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /** It has waited, or led, before (false): a mark that the job is over is meant for it. */
  readonly hasWaited?: boolean;
  /** Called once, with the other's name, if there is one to wait for. */
  readonly waiting: (holder: string) => void;
}

export const leaseCell = 'lease';
export const leaseMs = 2000;
const renewMs = leaseMs / 4;
const lookMs = 100;
/** How long before its end a holder that could not renew gives up. */
const marginMs = leaseMs / 4;

/** Somebody else leads (`taken`), or may from now on. */
export class LeaseLost extends WeirError {
  readonly taken: boolean;

  constructor(why: string, taken: boolean) {
    super('E_RUNNING', `this coordinator lost its lease: ${why}`, { retry: 'never' });
    this.taken = taken;
  }
}

/** Resolves once this coordinator leads, or why it need not: while it waited the job came to its end. Rejects with the signal's reason. */
export async function acquireLease(options: LeaseOptions): Promise<Lease | JobOver> {
  const { pointers, clock, holder, signal } = options;
  let { hasWaited = false } = options;
  let seen = { revision: 0, at: 0 };
  for (let said = false; ; ) {
    signal.throwIfAborted();
    const found = await pointers.read(leaseCell);
    const value = found === null ? null : (unpackValue(found.value) as LeaseValue);
    const now = clock.monotonic();
    if (found !== null && seen.revision !== found.revision) seen = { revision: found.revision, at: now };
    if (hasWaited && value?.free === true && value.over !== undefined) return value.over;
    const isNobodys = value === null || value.free || options.former?.has(value.holder) === true;
    if (isNobodys || now - seen.at >= leaseMs) {
      const lease = await Lease.take(options, found?.revision ?? 0);
      if (lease !== null) return lease;
      continue; // LE1: another one was faster
    }
    hasWaited = true;
    if (!said && value.holder !== holder) {
      options.waiting(value.holder);
      said = true;
    }
    await sleep(clock, lookMs, signal);
  }
}

export class Lease {
  /** Rejects when the lease is lost: somebody else may lead from now on. */
  readonly lost: Promise<never>;
  readonly #o: LeaseOptions;
  #revision: number;
  #renewals = 0;
  #renewing: Promise<void> = Promise.resolve();
  #renewedAt: number;
  #timer: Timer;
  #deadline: Timer | null = null;
  #over = false;
  #lose: (error: WeirError) => void = () => {};

  private constructor(options: LeaseOptions, revision: number, at: number) {
    this.#o = options;
    this.#revision = revision;
    this.#renewedAt = at;
    this.lost = new Promise((_, reject) => (this.#lose = reject));
    this.lost.catch(() => undefined); // whoever leads awaits it
    this.#timer = this.#renewIn(Math.max(0, at + renewMs - options.clock.monotonic()));
    this.#renewed(at);
  }

  /** Null: the cell has moved meanwhile. */
  static async take(options: LeaseOptions, expected: number): Promise<Lease | null> {
    const at = options.clock.monotonic();
    const value = packValue({ holder: options.holder, renewals: 0, free: false } satisfies LeaseValue);
    const revision = await options.pointers.compareAndSet(leaseCell, expected, value);
    return revision === null ? null : new Lease(options, revision, at);
  }

  /** False as soon as another one may lead. */
  get isHeld(): boolean {
    return !this.#over && this.#o.clock.monotonic() - this.#renewedAt < leaseMs;
  }

  /** Gives it back, so that a contender need not wait; `over` tells those who do that it is over for them too. */
  async release(over?: JobOver): Promise<void> {
    if (this.#over) return;
    this.#end();
    await this.#renewing; // of two writes at once one would be refused, and it may be this one
    await this.#write(true, over).catch(() => undefined); // then it runs out
  }

  #renewIn(ms: number): Timer {
    return this.#o.clock.setTimer(ms, () => void (this.#renewing = this.#renew()));
  }

  /** LE2: from then on others wait until it runs out; it gives up before. */
  #renewed(at: number): void {
    const { clock } = this.#o;
    this.#renewedAt = at;
    this.#deadline?.cancel();
    this.#deadline = clock.setTimer(Math.max(0, at + leaseMs - marginMs - clock.monotonic()), () =>
      this.#fail('it could not be renewed in time', false),
    );
  }

  async #renew(): Promise<void> {
    const { clock } = this.#o;
    const begun = clock.monotonic();
    try {
      const revision = await this.#write(false);
      if (revision === null) return this.#fail('another coordinator has taken it', true);
      this.#revision = revision;
      if (!this.#over) this.#renewed(begun);
    } catch {
      // The store did not answer. Whether the write took place is not known: look, and try again in time.
      await this.#lookAgain();
    }
    // One at a time: a second one beside it would take the first one's success for another coordinator's.
    if (!this.#over) this.#timer = this.#renewIn(Math.max(0, renewMs - (clock.monotonic() - begun)));
  }

  async #lookAgain(): Promise<void> {
    const found = await this.#o.pointers.read(leaseCell).catch(() => null);
    if (found === null || found.revision === this.#revision) return;
    if ((unpackValue(found.value) as LeaseValue).holder !== this.#o.holder)
      return this.#fail('another coordinator has taken it', true);
    this.#revision = found.revision;
  }

  #write(free: boolean, over?: JobOver): Promise<number | null> {
    const { holder } = this.#o;
    const value: LeaseValue = { holder, renewals: ++this.#renewals, free, ...(over === undefined ? {} : { over }) };
    return this.#o.pointers.compareAndSet(leaseCell, this.#revision, packValue(value));
  }

  #fail(why: string, taken: boolean): void {
    if (this.#over) return;
    this.#end();
    this.#lose(new LeaseLost(why, taken));
  }

  #end(): void {
    this.#over = true;
    this.#timer.cancel();
    this.#deadline?.cancel();
  }
}

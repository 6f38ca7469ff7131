/**
 * A question to the coordinator of a job, over NATS, until it is answered.
 *
 * Owns: patience: nobody may lead the job just now, for another one is about to take over; whoever was asked may fall silent or lose its lease.
 * Then the present leader is asked again, but for a savepoint: nobody knows whether that was taken.
 * Invariants: AC1 one question has one address for its answers, so that a coordinator that hears it twice does it once.
 */
import { type Clock, sleep, WeirError } from '../core/index.ts';
import { controlSubject, decodeAnswer, encodeRequest, type LastAnswer, type OperatorRequest } from '../runtime/index.ts';
import type { Bus, Subscription } from '../transport/index.ts';

export interface AskOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly job: string;
  /** Where answers go: a subject of its own. */
  readonly inbox: string;
  /** How long it may take until somebody answers. */
  readonly timeoutMs: number;
  /** Called once, if whoever answers takes longer than a moment to do what was asked. */
  readonly slow?: () => void;
}
/** `absent`: there is no coordinator of this job; `wasThere`: there was one, and it had begun. `silent`: there is one, and it says nothing. */
export type Outcome = LastAnswer | { readonly kind: 'absent'; readonly wasThere: boolean } | { readonly kind: 'silent' };

/** A takeover is over by then. */
const takeoverMs = 3500;
const againMs = 250;
const repeatMs = 1000;
/** A coordinator that does what was asked says so each second. */
const deadAfterMs = 5000;
const slowAfterMs = 3000;

export async function askCoordinator(request: OperatorRequest, options: AskOptions): Promise<Outcome> {
  const question = new Question(request, options);
  try {
    return await question.answered();
  } finally {
    question.close();
  }
}

class Question {
  readonly #request: OperatorRequest;
  readonly #o: AskOptions;
  readonly #subscription: Subscription;
  readonly #arrived: Uint8Array[] = [];
  #arrives: () => void = () => {};
  /** Since when a coordinator does it. */
  #workingSince: number | null = null;
  #saidSlow = false;

  constructor(request: OperatorRequest, options: AskOptions) {
    this.#request = request;
    this.#o = options;
    this.#subscription = options.bus.subscribe(options.inbox, (bytes) => {
      this.#arrived.push(bytes);
      this.#arrives();
    });
  }

  async answered(): Promise<Outcome> {
    const { clock, timeoutMs, bus, job, inbox } = this.#o;
    let since = clock.monotonic();
    for (let absentSince: number | null = null; ; ) {
      bus.publish(controlSubject(job), encodeRequest(this.#request), inbox); // AC1
      const heard = await this.#hears();
      const now = clock.monotonic();
      if (typeof heard === 'object') return heard;
      if (heard === 'gone') since = this.#goneSince(now);
      absentSince = heard === 'absent' ? (absentSince ?? now) : null;
      if (absentSince !== null && now - absentSince >= Math.min(takeoverMs, timeoutMs))
        return { kind: 'absent', wasThere: this.#workingSince !== null };
      if (now - since >= timeoutMs && heard !== 'absent') return { kind: 'silent' };
      if (heard !== 'silent') await sleep(clock, againMs);
    }
  }

  close(): void {
    this.#subscription.close();
  }

  /** @throws WeirError `E_STUCK` if it must not be asked again */
  #goneSince(now: number): number {
    if (this.#workingSince === null || this.#request.ask !== 'savepoint') return now;
    throw new WeirError('E_STUCK', `the coordinator of ${this.#o.job} ended or lost its lease while it took the savepoint`, {
      hint: 'whether there is one says the directory: it appears whole or not at all; ask again for another',
    });
  }

  /** `silent`: nobody in time; `absent`: the server knows nobody to ask; `gone`: it began, and will not end. */
  async #hears(): Promise<LastAnswer | 'silent' | 'absent' | 'gone'> {
    for (let works = false; ; ) {
      const bytes = await this.#next(works ? deadAfterMs : Math.min(repeatMs, this.#o.timeoutMs));
      if (bytes === undefined) return works ? 'gone' : 'silent';
      if (bytes.length === 0) return 'absent';
      const answer = decodeAnswer(bytes);
      if (answer?.kind === 'gone') return 'gone';
      if (answer !== null && answer.kind !== 'working') return answer;
      if (answer !== null) this.#works();
      works ||= answer !== null;
    }
  }

  #works(): void {
    const now = this.#o.clock.monotonic();
    this.#workingSince ??= now;
    if (now - this.#workingSince < slowAfterMs || this.#saidSlow) return;
    this.#saidSlow = true;
    this.#o.slow?.();
  }

  async #next(withinMs: number): Promise<Uint8Array | undefined> {
    if (this.#arrived.length === 0) {
      const early = new AbortController();
      this.#arrives = () => early.abort();
      await sleep(this.#o.clock, withinMs, early.signal).catch(() => undefined); // it came
    }
    return this.#arrived.shift();
  }
}

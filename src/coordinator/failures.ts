import { type Clock, type Random, WeirError } from '../core/index.ts';
import { decideRestart, type RestartOptions } from '../progress/index.ts';

/** The same row failing this often in a row is not worth another restart. */
const sameFailuresMax = 3;
/** A broker that is away is looked for at least this often. */
const outageDelayMsMax = 5000;

export type FailureDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly error: WeirError };

/** What went wrong so far, and whether it is worth another try. */
export class Failures {
  readonly #restart: RestartOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #last: WeirError | null = null;
  #same = 0;
  #times: readonly number[] = [];
  /** Since the last complete checkpoint, the last one included. */
  #inVain = 0;

  constructor(restart: RestartOptions, clock: Clock, random: Random) {
    this.#restart = restart;
    this.#clock = clock;
    this.#random = random;
  }

  get last(): WeirError | null {
    return this.#last;
  }

  /** @param progressed a checkpoint was completed since the generation began */
  add(error: WeirError, progressed: boolean): void {
    // What waiting may cure is tried as often as the restart policy says. A channel that broke twice in the same way says nothing of rows.
    const mayBeARow = error.retry === 'restore' && error.code !== 'E_CHANNEL';
    const again = mayBeARow && this.#last?.message === error.message && !progressed;
    this.#same = again ? this.#same + 1 : 1;
    this.#inVain = progressed ? 1 : this.#inVain + 1;
    this.#last = error;
  }

  /** Of the last one. @param hasCheckpoint the job has run: an outage of a broker is then waited for, however long it lasts */
  decide(hasCheckpoint: boolean): FailureDecision {
    const error = this.#last!;
    if (hasCheckpoint && error.code === 'E_BROKER' && error.retry === 'backoff') return this.#wait();
    const { withinMs } = this.#restart;
    const now = this.#clock.monotonic();
    const hopeless = this.#same >= sameFailuresMax;
    const decision = hopeless
      ? ({ kind: 'fail', reason: 'attempts' } as const)
      : decideRestart(this.#restart, { times: this.#times, inVain: this.#inVain - 1 }, now, error.retry, this.#random.next());
    this.#times = [...this.#times.filter((at) => at > now - withinMs), now];
    if (decision.kind !== 'fail') return { kind: 'restart', delayMs: decision.delayMs };
    if (decision.reason !== 'attempts') return { kind: 'fail', error };
    this.#last = giveUp(error, hopeless ? this.#same : this.#times.length);
    return { kind: 'fail', error: this.#last };
  }

  /** It is no attempt that failed: nothing was tried. */
  #wait(): FailureDecision {
    const full = Math.min(this.#restart.backoffMs * 2 ** (this.#inVain - 1), outageDelayMsMax);
    return { kind: 'restart', delayMs: Math.round(full * (0.5 + this.#random.next() / 2)) };
  }
}

function giveUp(error: WeirError, failures: number): WeirError {
  return new WeirError('E_RESTARTS', `gave up after ${failures} failures: ${error.message}`, { cause: error, hint: error.hint });
}

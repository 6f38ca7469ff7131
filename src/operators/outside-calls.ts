/**
 * Calls of a function of the user's that asks outside: so many at once, each with a time limit, and again after a failure.
 *
 * Owns: whose turn it is (first come, first called), the time limit, the attempts and the pauses between them, and the words of a failure. Does not own:
 * what becomes of an answer, or of none.
 */
import { setMaxListeners } from 'node:events';
import { type Clock, type ErrorCode, formatMs, sleep, WeirError } from '../core/index.ts';
import type { CallSpec } from '../plan/index.ts';

const firstBackoffMs = 100;
const backoffMsMax = 10_000;

export interface CallContext {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
export interface CallPlace {
  readonly clock: Clock;
  /** Aborts when no answer is of use any more. */
  readonly signal: AbortSignal;
  /** Of failures. */
  readonly code: ErrorCode;
}
export interface Asking<T> {
  /** `the lookup of 3 keys` */
  readonly what: string;
  /** Calls once. An error of ours of another code is an answer: it would be the same the next time. */
  readonly once: (context: CallContext) => Promise<T>;
}

export class OutsideCalls {
  readonly #spec: CallSpec;
  readonly #place: CallPlace;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(spec: CallSpec, place: CallPlace) {
    this.#spec = spec;
    this.#place = place;
    // Each call hears of it.
    setMaxListeners(0, place.signal);
  }

  /** The answer, once it is there. Rejects after the last attempt, with an error of ours that is an answer, and when it is aborted. */
  async ask<T>(asking: Asking<T>): Promise<T> {
    if (this.#running < this.#spec.concurrency) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#answer(asking);
    } finally {
      // Whoever comes next takes its place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #answer<T>({ what, once }: Asking<T>): Promise<T> {
    const { clock, signal, code } = this.#place;
    const { attempts } = this.#spec;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        return await this.#limited(once);
      } catch (thrown) {
        signal.throwIfAborted();
        if (thrown instanceof WeirError && thrown.code !== code) throw thrown;
        if (attempt >= attempts) throw this.#failure(what, thrown);
      }
      await sleep(clock, Math.min(backoffMsMax, firstBackoffMs * 2 ** (attempt - 1)), signal);
    }
  }

  /** One call; rejects with what it throws, or when its time is over. */
  #limited<T>(once: Asking<T>['once']): Promise<T> {
    const { clock, signal, code } = this.#place;
    const { timeoutMs } = this.#spec;
    const limit = new AbortController();
    const closing = (): void => limit.abort(signal.reason);
    return new Promise<T>((resolve, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true });
      const timer = clock.setTimer(timeoutMs, () => limit.abort(new WeirError(code, `no answer within ${formatMs(timeoutMs)}`)));
      signal.addEventListener('abort', closing, { once: true });
      const over = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', closing);
      };
      limit.signal.addEventListener('abort', over, { once: true });
      const asking = async (): Promise<T> => once({ signal: limit.signal });
      asking().then(resolve, reject).finally(over);
    });
  }

  #failure(what: string, thrown: unknown): WeirError {
    const { attempts } = this.#spec;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return new WeirError(this.#place.code, `${what} failed${attempts === 1 ? '' : ` ${attempts} times`}: ${why}`, {
      cause: thrown,
    });
  }
}

import { WeirError } from '../core/index.ts';
import type { Step } from './operator.ts';

/** One asynchronous call of a sink at a time, behind the synchronous contract: `wait` until it is over. */
export class AsyncCall {
  readonly #where: string;
  readonly #wake: () => void;
  #state: 'idle' | 'running' | 'over' = 'idle';
  #failure: { readonly thrown: unknown } | undefined;

  constructor(where: string, wake: () => void) {
    this.#where = where;
    this.#wake = wake;
  }

  /** Begins the call, or asks again for the one under way. @throws WeirError `E_SINK` if it failed */
  step(begin: () => void | Promise<void>): Step {
    if (this.#state === 'running') return 'wait';
    if (this.#state === 'idle' && this.#begin(begin)) return 'wait';
    this.#state = 'idle';
    if (this.#failure !== undefined) throw this.#named(this.#failure.thrown);
    return 'done';
  }

  /** What a format says of a value does not know where it was to go. */
  #named(thrown: unknown): WeirError {
    if (!(thrown instanceof WeirError) || thrown.code !== 'E_VALUE') return WeirError.from(thrown, 'E_SINK', this.#where);
    const { hint, retry } = thrown;
    return new WeirError('E_VALUE', `${this.#where}: ${thrown.message}`, { cause: thrown, hint, retry });
  }

  /** True: it goes on by itself. */
  #begin(begin: () => void | Promise<void>): boolean {
    this.#failure = undefined;
    try {
      const running = begin();
      if (!(running instanceof Promise)) return false;
      this.#state = 'running';
      running.then(
        () => this.#end(),
        (thrown: unknown) => this.#end({ thrown }),
      );
      return true;
    } catch (thrown) {
      this.#failure = { thrown };
      return false;
    }
  }

  #end(failure?: { readonly thrown: unknown }): void {
    this.#failure = failure;
    this.#state = 'over';
    this.#wake();
  }
}

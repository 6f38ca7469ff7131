import type { Clock } from '../core/index.ts';

/**
 * The time that a keyed function sees: one per call, so that what it reads twice is the same twice, and never less than an earlier call's,
 * though the machine's clock may be set back.
 */
export class ProcessingClock {
  readonly #clock: Clock;
  #now = -Infinity;
  #isRead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call begins: the clock is read anew when it is asked for. */
  next(): void {
    this.#isRead = false;
  }

  get now(): number {
    if (!this.#isRead) this.#now = Math.max(this.#now, this.#clock.now());
    this.#isRead = true;
    return this.#now;
  }
}

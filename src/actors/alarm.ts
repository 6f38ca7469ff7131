import type { Clock, Timer } from '../core/index.ts';

/** Wall time may jump while a timer of the clock runs: no one runs for longer. */
const sleepMsMax = 60_000;

/** Wakes a task once the clock has reached what its operators wait for. */
export class Alarm {
  /** It has rung, and nobody has looked yet what is due. It may ring too early. */
  rung = false;
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: Timer | null = null;
  #setFor = Infinity;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** It rings at this time of the clock, or before; once it has, it must be set again. */
  set(at: number): void {
    if (this.rung || at >= this.#setFor) return;
    this.cancel();
    this.#setFor = at;
    this.#timer = this.#clock.setTimer(Math.min(Math.max(0, at - this.#clock.now()), sleepMsMax), () => {
      this.#setFor = Infinity;
      this.rung = true;
      this.#wake();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#setFor = Infinity;
  }
}

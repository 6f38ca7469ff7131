/**
 * Lets a number of rows a second through, in small steps.
 *
 * It begins to count at the first row that is asked for, so that a restored job does not catch up on the time it was down;
 * and of a standstill it makes up for one second at most. Row n is due n / rate seconds after the first.
 */
import { type Clock, sleep } from '../../core/index.ts';

const stepMs = 50;
const makeUpMs = 1000;

export class Pacer {
  readonly #rate: number;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #start: number | null = null;
  #given = 0;

  /** @param rate rows a second; 0 = no limit */
  constructor(rate: number, clock: Clock, signal: AbortSignal) {
    this.#rate = rate;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** How many rows may pass now, from 1 to `most`; waits until one may. @throws the signal's reason once it aborts */
  async admit(most: number): Promise<number> {
    if (this.#rate === 0) return most;
    this.#start ??= this.#clock.monotonic();
    for (;;) {
      const due = this.#due();
      if (due >= 1) return this.#give(Math.min(due, most));
      const untilNext = (this.#given / this.#rate) * 1000 - this.#elapsed();
      await sleep(this.#clock, Math.max(stepMs, Math.ceil(untilNext)), this.#signal);
    }
  }

  #give(rows: number): number {
    this.#given += rows;
    return rows;
  }

  #due(): number {
    const behind = this.#elapsed() - (this.#given / this.#rate) * 1000;
    if (behind > makeUpMs) this.#start! += behind - makeUpMs;
    return Math.floor((this.#elapsed() * this.#rate) / 1000) + 1 - this.#given;
  }

  #elapsed(): number {
    return this.#clock.monotonic() - this.#start!;
  }
}

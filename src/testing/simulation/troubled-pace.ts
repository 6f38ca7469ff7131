/** How quick and how good sources and sinks are: some of a life's are always slow, and each may fail or be slow for a time. */
import type { Random } from '../../core/index.ts';
import type { OutsideCall, Pace } from './simulated-definitions.ts';
import type { Timeline } from './timeline.ts';

/** Mean times of calls, ms. Zero: at once. */
const readMs = [1, 60, 200, 400];
const writeMs = [0, 1, 1, 15];
const slowMs = 120;

export class TroubledPace implements Pace {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #mayPass: Pace['mayPass'];
  readonly #readMs: number;
  readonly #writeMs: number;
  #failIn = Number.POSITIVE_INFINITY;
  #slowUntil = 0;

  constructor(timeline: Timeline, random: Random, mayPass: Pace['mayPass']) {
    this.#timeline = timeline;
    this.#random = random;
    this.#mayPass = mayPass;
    this.#readMs = readMs[Math.floor(random.next() * readMs.length)]!;
    this.#writeMs = writeMs[Math.floor(random.next() * writeMs.length)]!;
  }

  latency(call: OutsideCall): number {
    const drawn = this.#random.next();
    if (call === 'read') return drawn < 0.1 ? 40 * drawn * 10 : 2 * drawn * this.#readMs;
    return 2 * drawn * (this.#timeline.now < this.#slowUntil ? slowMs : this.#writeMs);
  }

  fails(): boolean {
    if (--this.#failIn > 0) return false;
    this.#failIn = Number.POSITIVE_INFINITY;
    return true;
  }

  mayPass(source: string, split: string, position: unknown): boolean {
    return this.#mayPass(source, split, position);
  }

  /** @param calls the next one is 1 */
  failSoon(calls: number): void {
    this.#failIn = calls;
  }

  slowUntil(at: number): void {
    this.#slowUntil = at;
  }
}

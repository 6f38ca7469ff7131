/** A clock that stands still until it is moved. Timers fire in order of their time, those of one time in order of setting. */
import type { Clock, Timer } from '../core/index.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  /** Timers that were set before do not fire. */
  #heldBefore = 0;
  readonly #pending = new Set<Pending>();

  /** @param start wall time at the beginning, ms (2000-01-01) */
  constructor(start = 946_684_800_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    const pending = { at: this.#elapsed + Math.max(0, delayMs), order: this.#order++, fn };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** A timer is due: one that was set for now, or for a time that was passed. */
  get due(): boolean {
    return this.#next(this.#elapsed) !== undefined;
  }

  /** ms until the first timer is due; undefined if there is none. */
  get next(): number | undefined {
    const first = this.#next(Infinity);
    return first === undefined ? undefined : Math.max(0, first.at - this.#elapsed);
  }

  /** Fires what is due up to `ms` from now, and stands there. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#moveTo(Math.max(next.at, this.#elapsed));
      this.#pending.delete(next);
      next.fn();
    }
    this.#moveTo(end);
  }

  /** Stands there `ms` later at once; the timers that were set before fire when they are due and no longer held. */
  jump(ms: number): void {
    this.#heldBefore = this.#order;
    this.#moveTo(this.#elapsed + ms);
  }

  /** Timers that a jump has held fire again. */
  release(): void {
    this.#heldBefore = 0;
  }

  #next(end: number): Pending | undefined {
    const due = [...this.#pending].filter(({ at, order }) => at <= end && order >= this.#heldBefore);
    return due.sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  #moveTo(elapsed: number): void {
    this.#now += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}

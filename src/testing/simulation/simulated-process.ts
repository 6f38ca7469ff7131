/**
 * One process of a simulated world: what it does, it does at events, and not at all once it was killed.
 *
 * Owns: its life, its pauses, its clock. A process that is killed leaves its promises unsettled: whatever it waited for does not come.
 * Invariants: SW1 nothing that a dead process does has an effect outside; SW2 what comes to a process that is paused happens when it
 * wakes, in its order, and its clock has gone on meanwhile.
 */
import type { Clock, Random, Timer } from '../../core/index.ts';
import type { Timeline } from './timeline.ts';

const started = 946_684_800_000;

export class SimulatedProcess {
  readonly name: string;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly clock: Clock;
  #alive = true;
  #pausedUntil = -1;
  /** How far its wall clock is off. */
  #skewMs = 0;
  #waiting: (() => void)[] = [];
  /** Points that it passes before it dies at one. */
  #pointsLeft = Number.POSITIVE_INFINITY;
  #pointsUntilPause = 0;
  #callToPauseAt = '';
  #pauseMs = 0;
  readonly #ends: (() => void)[] = [];

  constructor(name: string, timeline: Timeline, random: Random) {
    this.name = name;
    this.timeline = timeline;
    this.random = random;
    this.clock = {
      now: () => Math.floor(started + timeline.now + this.#skewMs),
      monotonic: () => timeline.now,
      setTimer: (delayMs, fn) => this.#timer(delayMs, fn),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.timeline.now < this.#pausedUntil;
  }

  /** Does it now, or when the process is awake; never if it is dead. */
  run(fn: () => void): void {
    if (!this.#alive) return;
    if (this.#waiting.length > 0 || this.paused) this.#waiting.push(fn);
    else this.#do(fn);
  }

  after(delayMs: number, name: string, fn: () => void): { cancel(): void } {
    return this.timeline.after(delayMs, `${this.name} ${name}`, () => this.run(fn));
  }

  /** Resolves after a time; never once the process is dead. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, 'sleeps', resolve));
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#waiting = [];
    for (const end of this.#ends.splice(0)) end();
  }

  /**
   * It passes a moment that is worth dying at: before and after each call of what is outside. False: it has died.
   *
   * @param what is called
   */
  point(what = ''): boolean {
    if (this.#alive && --this.#pointsLeft <= 0) this.kill();
    const isCall = this.#callToPauseAt !== '' && what.startsWith(this.#callToPauseAt);
    if (isCall) this.#callToPauseAt = '';
    if (isCall || --this.#pointsUntilPause === 0) this.pause(this.#pauseMs);
    return this.#alive;
  }

  /** @param points the next one is 1 */
  pauseAtPoint(points: number, ms: number): void {
    this.#pointsUntilPause = points;
    this.#pauseMs = ms;
  }

  /** Once it makes a call that begins so: its answer is there when it wakes. */
  pauseAtCall(what: string, ms: number): void {
    this.#callToPauseAt = what;
    this.#pauseMs = ms;
  }

  /** @param points the next one is 1 */
  dieAtPoint(points: number): void {
    this.#pointsLeft = points;
  }

  /** Called when it is dead. */
  onEnd(call: () => void): void {
    this.#ends.push(call);
  }

  pause(ms: number): void {
    if (!this.#alive) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.timeline.now + ms);
    this.timeline.after(ms, `${this.name} wakes`, () => this.#wake());
  }

  /** Wall time jumps; what is measured does not. */
  jump(ms: number): void {
    this.#skewMs += ms;
  }

  #do(fn: () => void): void {
    this.timeline.atWork = this;
    fn();
  }

  #wake(): void {
    if (!this.#alive || this.paused) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#do(next);
    // One at a time, as an event loop would: promises settle in between.
    if (this.#waiting.length > 0) this.timeline.after(0, `${this.name} catches up`, () => this.#wake());
  }

  #timer(delayMs: number, fn: () => void): Timer {
    // What a process does takes time, and no two timers of a machine are quite the same.
    const late = this.random.next() * 0.2;
    return this.after(Math.max(0, delayMs) + late, 'timer', fn);
  }
}

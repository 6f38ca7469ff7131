/**
 * Cooperative scheduling of one worker's tasks: each does a bounded piece of work in turn, those furthest down first.
 *
 * Owns: who runs next, and when the loop gives the process back to I/O. Does not own: what a step does.
 * Invariants: Y1 a woken task is stepped; Y2 the loop yields after the round in which `sliceMs` were over.
 */
import type { Clock } from '../core/index.ts';

export interface Schedulable {
  /** Higher runs first: the stage's distance from the sources. */
  readonly depth: number;
  /** Does a bounded piece of work. True: call again. False: sleep until `wake`. */
  step(): boolean;
}

/** How long the loop keeps the process before it lets I/O in. */
const sliceMs = 4;

export class Scheduler {
  readonly #clock: Clock;
  readonly #defer: (run: () => void) => void;
  readonly #tasks: Schedulable[] = [];
  readonly #known = new Set<Schedulable>();
  readonly #ready = new Set<Schedulable>();
  #scheduled = false;

  /** @param defer runs a function after pending I/O had its turn (setImmediate) */
  constructor(clock: Clock, defer: (run: () => void) => void) {
    this.#clock = clock;
    this.#defer = defer;
  }

  /** The task is stepped at once: what woke it before has passed unheard. */
  add(task: Schedulable): void {
    this.#known.add(task);
    this.#tasks.push(task);
    this.#tasks.sort((a, b) => b.depth - a.depth);
    this.wake(task);
  }

  remove(task: Schedulable): void {
    const index = this.#tasks.indexOf(task);
    if (index >= 0) this.#tasks.splice(index, 1);
    this.#known.delete(task);
    this.#ready.delete(task);
  }

  wake(task: Schedulable): void {
    if (!this.#known.has(task)) return;
    this.#ready.add(task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#defer(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const end = this.#clock.monotonic() + sliceMs;
    while (this.#ready.size > 0) {
      this.#round();
      if (this.#clock.monotonic() >= end) break;
    }
    if (this.#ready.size > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#defer(() => this.#run());
    }
  }

  #round(): void {
    for (const task of [...this.#tasks]) {
      if (!this.#ready.has(task)) continue;
      this.#ready.delete(task);
      if (task.step()) this.#ready.add(task);
    }
  }
}

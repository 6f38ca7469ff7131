/**
 * What runs a job's subtasks beside its coordinator, and belongs to it: processes, or threads. Those that end are replaced.
 *
 * Owns: their number. Does not own: how one is started, nor what is said of it.
 * Invariants: WP1 none outlives `close` by more than its grace.
 */
import type { Clock } from '../core/index.ts';

export interface Hand {
  /** Resolves once it has ended, however. */
  readonly ended: Promise<unknown>;
  /** Once it has ended: it went by itself, as one does whose job is over. */
  hasLeft(): boolean;
  /** Ends it at once. */
  kill(): void;
}
export interface CrewOptions<T extends Hand> {
  readonly count: number;
  readonly clock: Clock;
  readonly start: () => T;
  /** It has ended, and another one takes its place. */
  readonly replaced: (hand: T) => void;
}

/** One that ends sooner than this is replaced after a while, another one at once; */
const briefMs = 5000;
/** after a while also one that has left: mostly the job is over, and who has the crew is about to hear of it. */
const againMs = 500;
/** What one may take to go by itself once the job is over. */
const graceMs = 2000;

export class Crew<T extends Hand> {
  readonly #o: CrewOptions<T>;
  readonly #hands = new Set<T>();
  #closed = false;

  constructor(options: CrewOptions<T>) {
    this.#o = options;
    for (let i = 0; i < options.count; i++) this.#start();
  }

  get hands(): ReadonlySet<T> {
    return this.#hands;
  }

  /** Resolves once all have ended: by themselves, or killed after a while. */
  async close(): Promise<void> {
    this.#closed = true;
    const timer = this.#o.clock.setTimer(graceMs, () => this.#killAll());
    await this.#allEnded();
    timer.cancel();
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#closed = true;
    this.#killAll();
    await this.#allEnded();
  }

  #start(): void {
    const { start, clock } = this.#o;
    const hand = start();
    const startedAt = clock.monotonic();
    this.#hands.add(hand);
    void hand.ended.then(() => this.#ended(hand, clock.monotonic() - startedAt < briefMs));
  }

  #ended(hand: T, wasBrief: boolean): void {
    this.#hands.delete(hand);
    if (this.#closed) return;
    const { clock, replaced } = this.#o;
    const hasLeft = hand.hasLeft();
    if (!hasLeft) replaced(hand);
    clock.setTimer(wasBrief || hasLeft ? againMs : 0, () => {
      if (this.#closed) return;
      if (hasLeft) replaced(hand);
      this.#start();
    });
  }

  #killAll(): void {
    for (const hand of this.#hands) hand.kill();
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#hands].map(({ ended }) => ended));
  }
}

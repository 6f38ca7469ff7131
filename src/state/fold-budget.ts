/**
 * How much folding may write in an epoch. Pure.
 *
 * A budget is a share of the base, or more if the deltas of the epoch were larger, so that folding catches up. Where one fold costs
 * several epochs' budget, subtasks take turns, or a checkpoint would hold a fold of each.
 * Invariants: S35 an epoch's folds cost at most a fifth more than its budget, or are a single one.
 */
import type { ChainSizes } from './fold-policy.ts';

export class FoldBudget {
  readonly #share: number;
  readonly #phase: number;
  #epochs = 0;
  #earned = 0;
  #credit = 0;
  #spent = 0;

  /** @param firstGroup of the subtask: makes its turn another than its neighbours' */
  constructor(share: number, firstGroup: number) {
    this.#share = share;
    // Multiples of the golden ratio spread evenly, however many there are.
    this.#phase = (firstGroup * 0.618034) % 1;
  }

  /** A new epoch: its budget. */
  earn({ base, delta }: ChainSizes, appendedBytes: number): number {
    this.#earned = Math.max(this.#share * Math.max(base, delta / 2), 1.5 * appendedBytes);
    this.#credit = Math.min(this.#credit + this.#earned, 1.2 * this.#earned);
    this.#spent = 0;
    this.#epochs++;
    return this.#earned;
  }

  allows(bytes: number): boolean {
    const every = Math.round(bytes / this.#earned);
    if (every < 2) return bytes <= this.#credit || (this.#spent === 0 && bytes > this.#earned);
    return this.#spent === 0 && (this.#epochs + Math.floor(this.#phase * every)) % every === 0;
  }

  spend(bytes: number): void {
    this.#spent += bytes;
    this.#credit -= bytes;
  }
}

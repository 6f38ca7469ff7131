import type { Step } from './operator.ts';

/** Work that answers `more` between its pieces: a generator that yields where it may stop. */
export class Resumable {
  #run: Iterator<void> | undefined;

  /** Begins the work, or goes on with what is under way. */
  step(begin: () => Iterable<void>): Step {
    this.#run ??= begin()[Symbol.iterator]();
    if (this.#run.next().done !== true) return 'more';
    this.#run = undefined;
    return 'done';
  }
}

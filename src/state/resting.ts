/**
 * Which entries of a table have not been touched for a while: their bytes may then lie elsewhere (packed-entries.ts).
 *
 * Owns: the order in which they are looked at, a few at a time, so that nobody waits for all. An entry is due when the list that it was
 * in has been durable for as long as it took the next one to be, and it has been in no other since.
 */
import type { Entry } from './entries.ts';

interface Listed<V> {
  /** Entries that were in a later list are not meant. */
  readonly generation: number;
  readonly entries: readonly Entry<V>[];
}

export class Resting<V> {
  #waiting: Listed<V>[] = [];
  #due: Listed<V>[] = [];
  #at = 0;
  #thawed: Entry<V>[] = [];

  /** There may be some to look at. */
  get isDue(): boolean {
    return this.#due.length > 0;
  }

  /** It was packed, is an object again, and is in no list yet. */
  thawed(entry: Entry<V>): void {
    this.#thawed.push(entry);
  }

  /** The lists of a freeze are durable. */
  written(generation: number, lists: readonly (readonly Entry<V>[] | undefined)[]): void {
    for (const listed of this.#waiting) if (listed.entries.length > 0) this.#due.push(listed);
    this.#waiting = lists.flatMap((entries) => (entries === undefined ? [] : [{ generation, entries }]));
    this.#waiting.push({ generation: 0, entries: this.#thawed });
    this.#thawed = [];
  }

  /** So few that none need rest. */
  clear(): void {
    this.#waiting = [];
    this.#due = [];
    this.#at = 0;
    this.#thawed = [];
  }

  /** The next one that may rest; undefined if that was the last, or it may not. */
  next(): Entry<V> | undefined {
    const listed = this.#due[0];
    if (listed === undefined) return undefined;
    const entry = listed.entries[this.#at++]!;
    if (this.#at === listed.entries.length) {
      this.#due.shift();
      this.#at = 0;
    }
    const mayRest = entry.live && entry.mark === 0 && entry.saved === null && entry.listed <= listed.generation;
    return mayRest && entry.space.droppedIn === 0 ? entry : undefined;
  }
}

import type { ByteReader } from '../batch/index.ts';
import type { Entry, Space } from './entries.ts';
import type { PackedEntries } from './packed-entries.ts';
import type { TableEntry } from './table.ts';

/**
 * Walks through the entries of a namespace a few at a time, round after round, while they change. An entry that stays gets its turn in
 * every round but in one in which it changes its place between heap and rest.
 */
export class Rounds<V> {
  readonly #valueOf: (bytes: ByteReader) => V;
  #space: Space<V> | null = null;
  #awake: Iterator<Entry<V>> | null = null;
  #resting: ReturnType<PackedEntries['walk']> | null = null;

  constructor(valueOf: (bytes: ByteReader) => V) {
    this.#valueOf = valueOf;
  }

  /** At most so many, fewer where a round ends. */
  next(space: Space<V>, entries: number): readonly TableEntry<V>[] {
    if (this.#space !== space) this.#begin(space);
    const found: TableEntry<V>[] = [];
    while (found.length < entries) {
      const entry = this.#one();
      if (entry === undefined) {
        this.#space = null;
        break;
      }
      found.push(entry);
    }
    return found;
  }

  #begin(space: Space<V>): void {
    this.#space = space;
    this.#awake = space.entries.values();
    this.#resting = space.packed?.walk() ?? null;
  }

  #one(): TableEntry<V> | undefined {
    const awake = this.#awake?.next();
    if (awake?.done === false) return awake.value;
    this.#awake = null;
    const resting = this.#resting?.();
    return resting === undefined ? undefined : { key: resting.key, group: resting.group, value: this.#valueOf(resting.value) };
  }
}

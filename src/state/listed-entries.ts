/**
 * Entries of many namespaces that have changed, by key group: in the order in which a snapshot has them, so that none is looked at until its turn.
 *
 * Does not own: what they are (byte-space.ts), and that each is in it once.
 */
import type { ByteSpace } from './byte-space.ts';
import { Positions } from './positions.ts';

export interface ListedEntry {
  readonly space: ByteSpace;
  readonly entry: number;
}

export class ListedEntries {
  /** By owned group: pairs of the number of a space and a position in it. */
  readonly #groups: (Positions | undefined)[];
  /** Null: it was dropped. */
  readonly #spaces: (ByteSpace | null)[] = [];
  readonly #numbers = new Map<ByteSpace, number>();
  readonly #first: number;
  #latest: ByteSpace | undefined;
  #number = 0;

  /** @param owned key groups, as [from, to) */
  constructor(owned: readonly [number, number]) {
    this.#first = owned[0];
    this.#groups = new Array<Positions | undefined>(owned[1] - owned[0]);
  }

  add(space: ByteSpace, entry: number, group: number): void {
    const positions = (this.#groups[group - this.#first] ??= new Positions());
    positions.push(space === this.#latest ? this.#number : this.#numberOf(space));
    positions.push(entry);
  }

  /** Nothing of it is asked for any more. */
  drop(space: ByteSpace): void {
    const number = this.#numbers.get(space);
    if (number === undefined) return;
    this.#spaces[number] = null;
    this.#numbers.delete(space);
  }

  /** How many there are of a group. */
  count(group: number): number {
    return (this.#groups[group - this.#first]?.length ?? 0) / 2;
  }

  /** The space of entry `i` of a group, null if it was dropped. */
  spaceOf(group: number, i: number): ByteSpace | null {
    return this.#spaces[this.#groups[group - this.#first]!.at(i * 2)]!;
  }

  entryOf(group: number, i: number): number {
    return this.#groups[group - this.#first]!.at(i * 2 + 1);
  }

  /** All of them. */
  *all(): Generator<ListedEntry, void> {
    for (const positions of this.#groups) {
      const all = positions?.all() ?? [];
      for (let i = 0; i < all.length; i += 2) {
        const space = this.#spaces[all[i]!]!;
        if (space !== null) yield { space, entry: all[i + 1]! };
      }
    }
  }

  #numberOf(space: ByteSpace): number {
    let number = this.#numbers.get(space);
    if (number === undefined) {
      number = this.#spaces.length;
      this.#spaces.push(space);
      this.#numbers.set(space, number);
    }
    this.#latest = space;
    return (this.#number = number);
  }
}

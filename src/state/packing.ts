/**
 * The entries of one table between the heap and the bytes that they are at rest.
 *
 * Owns: when an entry changes its place, and what it is afterwards: another object. Invariants: S31 an entry that is packed is in no list of
 * changes, and its bytes are in a delta that was written; S32 while entries are listed none changes its place.
 */
import { type ByteReader, ByteWriter } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { Entry, Space } from './entries.ts';
import { PackedEntries } from './packed-entries.ts';
import { Resting } from './resting.ts';
import { Rounds } from './rounds.ts';
import type { TableEntry } from './table.ts';
import type { ValueCodec } from './value-codec.ts';

/** Of those that are due, so many are packed at each access: more come to be due by no other way. */
const packedAtOnce = 2;

export class Packing<V> {
  readonly #codec: ValueCodec<V>;
  readonly #resting = new Resting<V>();
  readonly #value = new ByteWriter();
  readonly #rounds: Rounds<V> = new Rounds((bytes) => this.#valueOf(bytes));
  #listing = 0;

  constructor(codec: ValueCodec<V>) {
    this.#codec = codec;
  }

  get isDue(): boolean {
    return this.#resting.isDue;
  }

  /** The lists of a freeze are durable. */
  written(generation: number, lists: readonly (readonly Entry<V>[] | undefined)[]): void {
    this.#resting.written(generation, lists);
  }

  /** The table is so small that nothing need be packed. */
  clear(): void {
    this.#resting.clear();
  }

  /** A few that are due. */
  packSome(): void {
    for (let i = 0; i < packedAtOnce && this.#resting.isDue && this.#listing === 0; i++) {
      const entry = this.#resting.next();
      if (entry !== undefined) this.#pack(entry);
    }
  }

  #pack(entry: Entry<V>): void {
    const { space, key, group, value } = entry;
    this.#value.reset();
    this.#codec.write(this.#value, value);
    space.packed ??= new PackedEntries();
    space.packed.add(key, group, this.#value.peek());
    space.entries.delete(key);
    entry.live = false; // this object; another one takes its place when it is asked for
  }

  /** The entry, an object again; undefined if it is not at rest. */
  thawed(space: Space<V>, packed: PackedEntries, key: string): Entry<V> | undefined {
    const found = packed.take(key);
    if (found === undefined) return undefined;
    const value = this.#valueOf(found.value);
    const entry: Entry<V> = { key, group: found.group, value, space, mark: 0, listed: 0, born: 0, live: true, saved: null };
    space.entries.set(key, entry);
    this.#resting.thawed(entry);
    return entry;
  }

  /** All entries of a namespace; of those at rest as they are. */
  *all(space: Space<V>): Iterable<TableEntry<V>> {
    this.#listing++;
    try {
      yield* space.entries.values();
      for (const { key, group, value } of space.packed?.entries() ?? []) yield { key, group, value: this.#valueOf(value) };
    } finally {
      this.#listing--;
    }
  }

  /** Some entries of a namespace, those after the last that it gave. */
  some(space: Space<V>, entries: number): readonly TableEntry<V>[] {
    return this.#rounds.next(space, entries);
  }

  #valueOf(bytes: ByteReader): V {
    const value = this.#codec.read(bytes);
    if (bytes.remaining === 0) return value;
    throw new WeirError('E_STATE_DAMAGED', `a value of state is not what codec ${this.#codec.id} wrote`);
  }
}

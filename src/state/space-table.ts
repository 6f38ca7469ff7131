/**
 * Rows outside of the heap that lie in a space for each namespace, and go with it: what row-log.ts and ranked-rows.ts have in common.
 *
 * Owns: the spaces, which of them have something new, and which were dropped since the last freeze. Does not own: rows, and what has become of them.
 * Invariants: S20 at most one freeze is neither written nor failed.
 *
 * Generations number the freezes from 1, as those of heap-table.ts.
 */
import type { ByteReader } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import { FreeSegments } from './arena.ts';
import { unite } from './entries.ts';
import type { RecordReader } from './state-record.ts';

export abstract class TableSpace {
  readonly namespace: number;
  /** The generation of its first row; 0: an older delta may have rows. */
  readonly born: number;
  /** The generation in which it was dropped, 0 = it was not. */
  droppedIn = 0;
  /** The generation in which a row last became something that the next delta holds. */
  touchedIn = 0;
  /** Rows. */
  size = 0;
  protected readonly firstGroup: number;
  /** By owned group: the number of the next row. */
  protected readonly numbers: Uint32Array;

  /** @param owned key groups, as [from, to) */
  constructor(namespace: number, born: number, owned: readonly [number, number]) {
    this.namespace = namespace;
    this.born = born;
    this.firstGroup = owned[0];
    this.numbers = new Uint32Array(owned[1] - owned[0]);
  }

  /** Bit per owned group that has rows. */
  groups(): Uint32Array {
    const groups = new Uint32Array(Math.ceil(this.numbers.length / 32));
    this.numbers.forEach((number, bit) => {
      if (number > 0) groups[bit >>> 5]! |= 1 << (bit & 31);
    });
    return groups;
  }

  /** Nobody asks for its rows any more: their memory is used again. */
  abstract release(): void;
}

/** Namespaces dropped, with the groups that need to know. */
export type Drops = Map<number, Uint32Array>;
interface Frozen {
  readonly generation: number;
  readonly changes: { readonly drops: Drops };
}

export abstract class SpaceTable<S extends TableSpace, F extends Frozen> {
  readonly name: string;
  readonly codecId: string;
  protected readonly owned: readonly [number, number];
  protected readonly segments: FreeSegments = new FreeSegments();
  protected generation = 1;
  protected frozen: F | null = null;
  protected rows = 0;
  /** Those that have something new since the last freeze. */
  protected readonly grown: Set<S> = new Set<S>();
  readonly #spaces = new Map<number, S>();
  #drops: Drops = new Map();
  #last: S | undefined;

  /**
   * @param codecId what the bytes of a row are
   * @param owned the key groups of this subtask, as [from, to)
   */
  constructor(name: string, codecId: string, owned: readonly [number, number]) {
    this.name = name;
    this.codecId = codecId;
    this.owned = owned;
  }

  /** Rows. */
  get size(): number {
    return this.rows;
  }

  /** Namespaces that have rows, in no order. */
  namespaces(): Iterable<number> {
    return this.#spaces.keys();
  }

  /** The rows of a namespace, if there are any. They are good until it is dropped. */
  space(namespace: number): S | undefined {
    if (this.#last?.namespace !== namespace) this.#last = this.#spaces.get(namespace);
    return this.#last;
  }

  /** Drops a whole namespace at the cost of one tombstone per key group. */
  drop(namespace: number): void {
    const space = this.space(namespace);
    if (space === undefined) return;
    this.#spaces.delete(namespace);
    this.#last = undefined;
    this.grown.delete(space);
    this.rows -= space.size;
    space.droppedIn = this.generation;
    if (space.born !== this.generation) unite(this.#drops, namespace, space.groups());
    // What a freeze saw is still to be encoded.
    if (this.frozen === null || space.touchedIn < this.frozen.generation) space.release();
  }

  /** Rows have one form, which is not changed. */
  renew(_group: number, _record: RecordReader, _read?: (from: ByteReader) => unknown): void {
    throw new WeirError('E_INTERNAL', `broken invariant: S17: the rows of state '${this.name}' have one form`);
  }

  protected abstract made(namespace: number, born: number): S;

  /** The space of a namespace, made where there is none. @param born the generation of its first row */
  protected opened(namespace: number, born: number): S {
    const known = this.space(namespace);
    if (known !== undefined) return known;
    const space = this.made(namespace, born);
    this.#spaces.set(namespace, space);
    this.#last = space;
    return space;
  }

  /** @param make of the generation that ends, the spaces that have something new, and what was dropped */
  protected freezing(make: (generation: number, grown: readonly S[], drops: Drops) => F): F {
    invariant(this.frozen === null, `S20: table ${this.name} is frozen already`);
    this.frozen = make(this.generation, [...this.grown], this.#drops);
    this.grown.clear();
    this.#drops = new Map();
    this.generation++;
    return this.frozen;
  }

  /** What a freeze that failed had as dropped is to be told again. */
  protected dropAgain({ changes }: F): void {
    for (const [namespace, groups] of changes.drops) unite(this.#drops, namespace, groups);
  }

  protected requireOwned(group: number): void {
    const [from, to] = this.owned;
    if (group < from || group >= to) invariant(false, `S22: group ${group} is owned by this subtask`); // a text for no row but this
  }

  /** @throws WeirError `E_STATE_DAMAGED` where some space is not what was written */
  protected requireWhole(isWhole: (space: S) => boolean): void {
    for (const space of this.#spaces.values()) if (!isWhole(space)) throw this.damaged(space.namespace);
  }

  protected damaged(namespace: number): WeirError {
    return new WeirError(
      'E_STATE_DAMAGED',
      `state '${this.name}': the rows of namespace ${namespace} are not those that were written`,
    );
  }
}

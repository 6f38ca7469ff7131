/**
 * Rows by key in an order, so many of each key at most: what `top` keeps. Another row may take the place of the last one of its key; all go with their
 * namespace.
 *
 * Owns: which rows stay, its namespaces, and what has become of them since the last freeze. A freeze takes lists away and copies nothing: the block of a row
 * that waits in a frozen list is left as it is until that is settled, and the row in its place gets another. All other rows are written over.
 * Does not own: memory (ranked-space.ts), encoding (frozen-ranked.ts).
 * Invariants: S20 at most one freeze is neither written nor failed; S41 the rows of a key are in their order, of equal ones that first which came first;
 * S42 what a freeze saw is what its delta holds: all rows that were put in up to it, are still there and are not durable, each once.
 *
 * Generations number the lists from 1, as those of heap-table.ts.
 */
import type { Memory } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import { FreeSegments } from './arena.ts';
import { unite } from './entries.ts';
import { FrozenRanked, type RankedChanges } from './frozen-ranked.ts';
import { Positions } from './positions.ts';
import { RankedSpace } from './ranked-space.ts';
import { numberIn } from './record-numbers.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import type { RecordReader } from './state-record.ts';

export interface RowOrder {
  /** No key has more rows than that. */
  readonly rows: number;
  /** Whether the row that is being put in stands before this one. */
  isBefore(memory: Memory, at: number): boolean;
  /** Which of two rows that are there stands before the other: below 0 the first one, 0 neither. */
  compare(a: Memory, aAt: number, b: Memory, bAt: number): number;
}

export class RankedRows implements SnapshotTable {
  readonly name: string;
  readonly codecId: string;
  readonly #owned: readonly [number, number];
  readonly #order: RowOrder;
  readonly #segments = new FreeSegments();
  readonly #spaces = new Map<number, RankedSpace>();
  /** Those that have listed rows since the last freeze. */
  readonly #grown = new Set<RankedSpace>();
  /** Blocks that are free once the freeze is settled. */
  readonly #waiting = new Map<RankedSpace, Positions>();
  #drops: RankedChanges['drops'] = new Map();
  #generation = 1;
  #frozen: FrozenRanked | null = null;
  #size = 0;
  #last: RankedSpace | undefined;

  /**
   * @param codecId what the bytes of a row are
   * @param owned the key groups of this subtask, as [from, to)
   */
  constructor(name: string, codecId: string, owned: readonly [number, number], order: RowOrder) {
    this.name = name;
    this.codecId = codecId;
    this.#owned = owned;
    this.#order = order;
  }

  /** Rows. */
  get size(): number {
    return this.#size;
  }

  /** Namespaces that have rows, in no order. */
  namespaces(): Iterable<number> {
    return this.#spaces.keys();
  }

  /** The rows of a namespace, if there are any. They are good until it is dropped, or rows are put in. */
  space(namespace: number): RankedSpace | undefined {
    if (this.#last?.namespace !== namespace) this.#last = this.#spaces.get(namespace);
    return this.#last;
  }

  /** The same, made where there is none: a row is then put in at once. */
  opened(namespace: number): RankedSpace {
    return this.#opened(namespace, this.#generation);
  }

  /** Whether a row of this key would only take the place of the last one. */
  isFull(space: RankedSpace, key: number): boolean {
    return space.countOf(key) === this.#order.rows;
  }

  /**
   * Puts in a row, where the order has it, but for its bytes: they are to be written at once. Of a key that is full its last row goes, which the new one
   * stands before.
   */
  insert(space: RankedSpace, key: number, ordinal: number, own: number): number {
    const group = space.groupOf(key);
    const [from, to] = this.#owned;
    if (group < from || group >= to) invariant(false, `S22: group ${group} is owned by this subtask`);
    let before = space.lastOf(key);
    let row: number;
    if (this.isFull(space, key)) {
      space.unlinkLast(key);
      row = this.#inPlaceOf(before, space, group, own);
      before = space.lastOf(key);
    } else {
      row = space.add(group, own);
      this.#size++;
    }
    let behind = 0;
    while (before !== 0 && this.#order.isBefore(space.memoryOf(before), space.bytesOf(before))) {
      behind = before;
      before = space.before(before);
    }
    space.link(key, row, ordinal, before, behind);
    this.#list(space, row);
    return row;
  }

  /** Drops a whole namespace at the cost of one tombstone per key group. */
  drop(namespace: number): void {
    const space = this.space(namespace);
    if (space === undefined) return;
    this.#spaces.delete(namespace);
    this.#last = undefined;
    this.#grown.delete(space);
    this.#size -= space.size;
    space.droppedIn = this.#generation;
    if (space.born !== this.#generation) unite(this.#drops, namespace, space.groups());
    // What a freeze saw is still to be encoded.
    if (this.#frozen === null || space.touchedIn < this.#frozen.generation) space.release();
  }

  // ── snapshots

  freeze(): FrozenRanked {
    invariant(this.#frozen === null, `S20: table ${this.name} is frozen already`);
    const listed = [...this.#grown].map((space) => space.takeListed());
    this.#frozen = new FrozenRanked(this, this.#generation, this.#owned, { listed, drops: this.#drops });
    this.#grown.clear();
    this.#drops = new Map();
    this.#generation++;
    return this.#frozen;
  }

  written(): void {
    this.#settled();
  }

  failed(): void {
    const frozen = this.#frozen;
    if (frozen === null) return;
    for (const { space, rows } of frozen.changes.listed) {
      if (space.droppedIn !== 0) continue;
      for (const row of rows) this.#list(space, row); // unless its block is in the list already
    }
    for (const [namespace, groups] of frozen.changes.drops) unite(this.#drops, namespace, groups);
    this.#settled();
  }

  #settled(): void {
    this.#frozen = null;
    for (const [space, rows] of this.#waiting) for (const row of rows.take()) space.reuse(row);
    this.#waiting.clear();
  }

  // ── restore

  load(group: number, record: RecordReader): void {
    const { bytes, from, keyEnd, valueFrom, to, namespace } = record;
    const number = numberIn(bytes, from, keyEnd);
    if (number < 0) throw this.#damaged(namespace);
    this.#opened(namespace, 0).load(number, bytes, valueFrom, to, group);
    this.#size++;
  }

  renew(): never {
    throw new WeirError('E_INTERNAL', `broken invariant: S42: the rows of state '${this.name}' have one form`);
  }

  loaded(): void {
    for (const space of this.#spaces.values()) {
      if (!space.isWhole) throw this.#damaged(space.namespace);
      for (const key of space.keys()) if (space.countOf(key) > 1) this.#rank(space, key);
    }
  }

  #rank(space: RankedSpace, key: number): void {
    const rows: number[] = [];
    for (let row = space.lastOf(key); row !== 0; row = space.before(row)) rows.push(row);
    if (rows.length > this.#order.rows) throw this.#damaged(space.namespace);
    rows.sort(
      (a, b) =>
        this.#order.compare(space.memoryOf(b), space.bytesOf(b), space.memoryOf(a), space.bytesOf(a)) ||
        space.ordinalOf(b) - space.ordinalOf(a),
    );
    space.relink(key, rows);
  }

  #damaged(namespace: number): WeirError {
    return new WeirError(
      'E_STATE_DAMAGED',
      `state '${this.name}': the rows of namespace ${namespace} are not those that were written`,
    );
  }

  /** A block for the row that takes the place of another one. */
  #inPlaceOf(last: number, space: RankedSpace, group: number, own: number): number {
    const frozen = this.#frozen;
    if (space.fits(last, own) && (frozen === null || space.listedIn(last) !== frozen.generation)) {
      space.overwrite(last, own);
      return last;
    }
    const number = space.remove(last, this.#generation);
    if (frozen === null) space.reuse(last);
    else this.#waitingOf(space).push(last);
    return space.add(group, own, number);
  }

  #waitingOf(space: RankedSpace): Positions {
    const known = this.#waiting.get(space);
    if (known !== undefined) return known;
    const waiting = new Positions();
    this.#waiting.set(space, waiting);
    return waiting;
  }

  #list(space: RankedSpace, row: number): void {
    if (!space.isListed) this.#grown.add(space);
    space.list(row, this.#generation);
  }

  #opened(namespace: number, born: number): RankedSpace {
    const known = this.space(namespace);
    if (known !== undefined) return known;
    const space = new RankedSpace(namespace, born, this.#owned, this.#segments);
    this.#spaces.set(namespace, space);
    this.#last = space;
    return space;
  }
}

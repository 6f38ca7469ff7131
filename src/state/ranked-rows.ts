/**
 * Rows by key in an order, so many of each key at most: what `top` keeps. Another row may take the place of the last one of its key; all go with their
 * namespace.
 *
 * Owns: which rows stay, and what has become of them since the last freeze. A freeze takes lists away and copies nothing: the block of a row
 * that waits in a frozen list is left as it is until that is settled, and the row in its place gets another. All other rows are written over.
 * Does not own: namespaces (space-table.ts), memory (ranked-space.ts), encoding (frozen-ranked.ts).
 * Invariants: S41 the rows of a key are in their order, of equal ones that first which came first;
 * S42 what a freeze saw is what its delta holds: all rows that were put in up to it, are still there and are not durable, each once.
 */
import type { Memory } from '../batch/index.ts';
import { FrozenRanked } from './frozen-ranked.ts';
import { Positions } from './positions.ts';
import { RankedSpace } from './ranked-space.ts';
import { numberIn } from './record-numbers.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import { SpaceTable } from './space-table.ts';
import type { RecordReader } from './state-record.ts';

export interface RowOrder {
  /** No key has more rows than that. */
  readonly rows: number;
  /** Whether the row that is being put in stands before this one. */
  isBefore(memory: Memory, at: number): boolean;
  /** Which of two rows that are there stands before the other: below 0 the first one, 0 neither. */
  compare(a: Memory, aAt: number, b: Memory, bAt: number): number;
}

export class RankedRows extends SpaceTable<RankedSpace, FrozenRanked> implements SnapshotTable {
  readonly #order: RowOrder;
  /** Blocks that are free once the freeze is settled. */
  readonly #waiting = new Map<RankedSpace, Positions>();

  constructor(name: string, codecId: string, owned: readonly [number, number], order: RowOrder) {
    super(name, codecId, owned);
    this.#order = order;
  }

  /** The rows of a namespace, made where there are none: one is then put in at once. */
  filled(namespace: number): RankedSpace {
    return this.opened(namespace, this.generation);
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
    this.requireOwned(group);
    let before = space.lastOf(key);
    let row: number;
    if (this.isFull(space, key)) {
      space.unlinkLast(key);
      row = this.#inPlaceOf(before, space, group, own);
      before = space.lastOf(key);
    } else {
      row = space.add(group, own);
      this.rows++;
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

  // ── snapshots

  freeze(): FrozenRanked {
    return this.freezing((generation, grown, drops) => {
      const listed = grown.map((space) => space.takeListed());
      return new FrozenRanked(this, generation, this.owned, { listed, drops });
    });
  }

  written(): void {
    this.#settled();
  }

  failed(): void {
    const { frozen } = this;
    if (frozen === null) return;
    for (const { space, rows } of frozen.changes.listed) {
      if (space.droppedIn !== 0) continue;
      for (const row of rows) this.#list(space, row); // unless its block is in the list already
    }
    this.dropAgain(frozen);
    this.#settled();
  }

  #settled(): void {
    this.frozen = null;
    for (const [space, rows] of this.#waiting) for (const row of rows.take()) space.reuse(row);
    this.#waiting.clear();
  }

  // ── restore

  load(group: number, record: RecordReader): void {
    const { bytes, from, keyEnd, valueFrom, to, namespace } = record;
    const number = numberIn(bytes, from, keyEnd);
    if (number < 0) throw this.damaged(namespace);
    this.opened(namespace, 0).load(number, bytes, valueFrom, to, group);
    this.rows++;
  }

  loaded(): void {
    this.requireWhole((space) => space.isWhole);
    for (const namespace of this.namespaces()) this.#rankAll(this.space(namespace)!);
  }

  #rankAll(space: RankedSpace): void {
    for (const key of space.keys()) if (space.countOf(key) > 1) this.#rank(space, key);
  }

  #rank(space: RankedSpace, key: number): void {
    const rows: number[] = [];
    for (let row = space.lastOf(key); row !== 0; row = space.before(row)) rows.push(row);
    if (rows.length > this.#order.rows) throw this.damaged(space.namespace);
    rows.sort(
      (a, b) =>
        this.#order.compare(space.memoryOf(b), space.bytesOf(b), space.memoryOf(a), space.bytesOf(a)) ||
        space.ordinalOf(b) - space.ordinalOf(a),
    );
    space.relink(key, rows);
  }

  /** A block for the row that takes the place of another one. */
  #inPlaceOf(last: number, space: RankedSpace, group: number, own: number): number {
    const { frozen } = this;
    if (space.fits(last, own) && (frozen === null || space.listedIn(last) !== frozen.generation)) {
      space.overwrite(last, own);
      return last;
    }
    const number = space.remove(last, this.generation);
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
    if (!space.isListed) this.grown.add(space);
    space.list(row, this.generation);
  }

  protected made(namespace: number, born: number): RankedSpace {
    return new RankedSpace(namespace, born, this.owned, this.segments);
  }
}

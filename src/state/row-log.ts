/**
 * Rows by key that are only added, and go with their namespace: what a join keeps.
 *
 * Owns: its namespaces, and what has become of them since the last freeze. A row never changes but by one mark, so a freeze copies nothing: it takes
 * the lists away, and a row says itself in which generation it was marked. One that was written before it was marked is written again.
 * Does not own: memory (row-space.ts), encoding (frozen-rows.ts).
 * Invariants: S20 at most one freeze is neither written nor failed; S36 what a freeze saw is what its delta holds: all rows that were added up to it and are
 * not durable, each once, with the mark that it had.
 *
 * Generations number the lists from 1, as those of heap-table.ts.
 */
import { ByteReader, copyBytes, type KeyBytes } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import { FreeSegments } from './arena.ts';
import { unite } from './entries.ts';
import { FrozenRows, type Marked, type RowChanges } from './frozen-rows.ts';
import { numberIn } from './record-numbers.ts';
import { type Added, RowSpace } from './row-space.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import type { RecordReader } from './state-record.ts';

/** Of what is loaded, whenever that was. */
const longAgo = 1;

export class RowLog implements SnapshotTable {
  readonly name: string;
  readonly codecId: string;
  readonly #owned: readonly [number, number];
  readonly #free = new FreeSegments();
  readonly #spaces = new Map<number, RowSpace>();
  /** Those to which rows were added since the last freeze. */
  readonly #grown = new Set<RowSpace>();
  /** What was frozen, and then was not written. */
  #unwritten: readonly Added[] = [];
  #marked: RowChanges['marked'];
  #drops: RowChanges['drops'] = new Map();
  #generation = 1;
  /** The last generation that is durable. */
  #durable = 0;
  #frozen: FrozenRows | null = null;
  #size = 0;
  #last: RowSpace | undefined;

  /**
   * @param codecId what the bytes of a row are
   * @param owned the key groups of this subtask, as [from, to)
   */
  constructor(name: string, codecId: string, owned: readonly [number, number]) {
    this.name = name;
    this.codecId = codecId;
    this.#owned = owned;
    this.#marked = this.#noMarks();
  }

  get size(): number {
    return this.#size;
  }

  /** Namespaces that have rows, in no order. */
  namespaces(): Iterable<number> {
    return this.#spaces.keys();
  }

  /** The rows of a namespace, if there are any. They are good until it is dropped. */
  space(namespace: number): RowSpace | undefined {
    if (this.#last?.namespace !== namespace) this.#last = this.#spaces.get(namespace);
    return this.#last;
  }

  /** Adds a row, but for its bytes: they are to be written at once, where its space says. */
  add(namespace: number, key: KeyBytes, group: number, bytes: number): number {
    const [from, to] = this.#owned;
    if (group < from || group >= to) invariant(false, `S22: group ${group} is owned by this subtask`); // a text for no row but this
    const space = this.#opened(namespace, this.#generation);
    if (!space.isGrown) this.#grown.add(space);
    this.#size++;
    return space.add(key, group, bytes, this.#generation);
  }

  /** Marks a row; it stays so. What that says is known to those who ask for it. */
  mark(space: RowSpace, row: number): void {
    if (space.markedIn(row) !== 0) return;
    space.mark(row, this.#generation);
    if (space.bornIn(row) === this.#generation) return;
    (this.#marked[space.groupOf(row) - this.#owned[0]] ??= []).push({ space, row });
    space.touchedIn = this.#generation;
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
    this.#unwritten = this.#unwritten.filter((added) => added.space !== space);
    // What a freeze saw is still to be encoded.
    if (this.#frozen === null || space.touchedIn < this.#frozen.generation) space.release();
  }

  // ── snapshots

  freeze(): FrozenRows {
    invariant(this.#frozen === null, `S20: table ${this.name} is frozen already`);
    const grown = [...this.#grown].map((space) => space.takeAdded());
    const changes = { added: [...this.#unwritten, ...grown], marked: this.#marked, drops: this.#drops };
    this.#frozen = new FrozenRows(this, this.#generation, this.#durable, this.#owned[0], changes);
    this.#grown.clear();
    this.#unwritten = [];
    this.#marked = this.#noMarks();
    this.#drops = new Map();
    this.#generation++;
    return this.#frozen;
  }

  written(): void {
    if (this.#frozen !== null) this.#durable = this.#frozen.generation;
    this.#frozen = null;
  }

  failed(): void {
    const frozen = this.#frozen;
    if (frozen === null) return;
    this.#frozen = null;
    const { added, marked, drops } = frozen.changes;
    this.#unwritten = added.filter(({ space }) => space.droppedIn === 0);
    // The next freeze holds them, too.
    for (const { space } of this.#unwritten) space.touchedIn = this.#generation;
    for (const [bit, rows] of marked.entries()) this.#takeBack(bit, rows ?? []);
    for (const [namespace, groups] of drops) unite(this.#drops, namespace, groups);
  }

  #takeBack(bit: number, rows: readonly Marked[]): void {
    for (const marked of rows) {
      if (marked.space.droppedIn !== 0) continue;
      marked.space.touchedIn = this.#generation;
      (this.#marked[bit] ??= []).push(marked);
    }
  }

  // ── restore

  load(group: number, record: RecordReader): void {
    const { bytes, from, keyEnd, valueFrom, to, namespace } = record;
    const number = numberIn(bytes, from, keyEnd);
    const value = new ByteReader(bytes, valueFrom, to);
    const keyBytes = value.varint();
    const key = value.position;
    value.skip(keyBytes);
    const marked = value.u8();
    const own = value.position;
    if (number < 0) throw this.#damaged(namespace);
    const space = this.#opened(namespace, 0);
    const row = space.load(bytes, key, key + keyBytes, group, number, to - own);
    if (marked !== 0) space.mark(row, longAgo);
    copyBytes(bytes, own, to, space.memoryOf(row).bytes, space.bytesOf(row));
    this.#size++;
  }

  renew(): never {
    throw new WeirError('E_INTERNAL', `broken invariant: S36: the rows of state '${this.name}' have one form`);
  }

  loaded(): void {
    for (const space of this.#spaces.values()) if (!space.linkAll()) throw this.#damaged(space.namespace);
  }

  #damaged(namespace: number): WeirError {
    return new WeirError(
      'E_STATE_DAMAGED',
      `state '${this.name}': the rows of namespace ${namespace} are not those that were written`,
    );
  }

  #opened(namespace: number, born: number): RowSpace {
    const known = this.space(namespace);
    if (known !== undefined) return known;
    const space = new RowSpace(namespace, born, this.#owned, this.#free);
    this.#spaces.set(namespace, space);
    this.#last = space;
    return space;
  }

  #noMarks(): RowChanges['marked'] {
    return new Array<Marked[] | undefined>(this.#owned[1] - this.#owned[0]);
  }
}

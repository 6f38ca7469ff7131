/**
 * Rows by key that are only added, and go with their namespace: what a join keeps.
 *
 * Owns: what has become of its rows since the last freeze. A row never changes but by one mark, so a freeze copies nothing: it takes
 * the lists away, and a row says itself in which generation it was marked. One that was written before it was marked is written again.
 * Does not own: namespaces (space-table.ts), memory (row-space.ts), encoding (frozen-rows.ts).
 * Invariants: S36 what a freeze saw is what its delta holds: all rows that were added up to it and are
 * not durable, each once, with the mark that it had.
 */
import { ByteReader, copyBytes, type KeyBytes } from '../batch/index.ts';
import { FrozenRows, type Marked, type RowChanges } from './frozen-rows.ts';
import { numberIn } from './record-numbers.ts';
import { type Added, RowSpace } from './row-space.ts';
import type { SnapshotTable } from './snapshot-table.ts';
import { SpaceTable } from './space-table.ts';
import type { RecordReader } from './state-record.ts';

/** Of what is loaded, whenever that was. */
const longAgo = 1;

export class RowLog extends SpaceTable<RowSpace, FrozenRows> implements SnapshotTable {
  /** What was frozen, and then was not written. */
  #unwritten: readonly Added[] = [];
  #marked: RowChanges['marked'] = this.#noMarks();
  /** The last generation that is durable. */
  #durable = 0;

  /** Adds a row, but for its bytes: they are to be written at once, where its space says. */
  add(namespace: number, key: KeyBytes, group: number, bytes: number): number {
    this.requireOwned(group);
    const space = this.opened(namespace, this.generation);
    if (!space.isGrown) this.grown.add(space);
    this.rows++;
    return space.add(key, group, bytes, this.generation);
  }

  /** Marks a row; it stays so. What that says is known to those who ask for it. */
  mark(space: RowSpace, row: number): void {
    if (space.markedIn(row) !== 0) return;
    space.mark(row, this.generation);
    if (space.bornIn(row) === this.generation) return;
    (this.#marked[space.groupOf(row) - this.owned[0]] ??= []).push({ space, row });
    space.touchedIn = this.generation;
  }

  override drop(namespace: number): void {
    const space = this.space(namespace);
    super.drop(namespace);
    this.#unwritten = this.#unwritten.filter((added) => added.space !== space);
  }

  // ── snapshots

  freeze(): FrozenRows {
    return this.freezing((generation, grown, drops) => {
      const changes = {
        added: [...this.#unwritten, ...grown.map((space) => space.takeAdded())],
        marked: this.#marked,
        drops,
      };
      this.#unwritten = [];
      this.#marked = this.#noMarks();
      return new FrozenRows(this, generation, this.#durable, this.owned[0], changes);
    });
  }

  written(): void {
    if (this.frozen !== null) this.#durable = this.frozen.generation;
    this.frozen = null;
  }

  failed(): void {
    const { frozen } = this;
    if (frozen === null) return;
    this.frozen = null;
    const { added, marked } = frozen.changes;
    this.#unwritten = added.filter(({ space }) => space.droppedIn === 0);
    // The next freeze holds them, too.
    for (const { space } of this.#unwritten) space.touchedIn = this.generation;
    for (const [bit, rows] of marked.entries()) this.#takeBack(bit, rows ?? []);
    this.dropAgain(frozen);
  }

  #takeBack(bit: number, rows: readonly Marked[]): void {
    for (const marked of rows) {
      if (marked.space.droppedIn !== 0) continue;
      marked.space.touchedIn = this.generation;
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
    if (number < 0) throw this.damaged(namespace);
    const space = this.opened(namespace, 0);
    const row = space.load(bytes, key, key + keyBytes, group, number, to - own);
    if (marked !== 0) space.mark(row, longAgo);
    copyBytes(bytes, own, to, space.memoryOf(row).bytes, space.bytesOf(row));
    this.rows++;
  }

  loaded(): void {
    this.requireWhole((space) => space.linkAll());
  }

  protected made(namespace: number, born: number): RowSpace {
    return new RowSpace(namespace, born, this.owned, this.segments);
  }

  #noMarks(): RowChanges['marked'] {
    return new Array<Marked[] | undefined>(this.owned[1] - this.owned[0]);
  }
}

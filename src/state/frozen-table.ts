/**
 * The changes of one table up to a barrier, being encoded while the table goes on.
 *
 * Owns: the order in which they are encoded, and each entry's frozen form. Invariants: S4 what a freeze saw is what its delta
 * holds; S23 an entry that was dropped up to the freeze has no record, the drop speaks for it.
 */
import { invariant } from '../core/index.ts';
import type { Changes, Entry, HeapTable } from './heap-table.ts';
import { dropped, recordKind, type StateRecord, tombstone } from './state-record.ts';

export class FrozenTable<V> {
  readonly table: HeapTable<V>;
  readonly generation: number;
  readonly changes: Changes<V>;
  readonly #first: number;

  /** @param first the first owned group */
  constructor(table: HeapTable<V>, generation: number, first: number, changes: Changes<V>) {
    this.table = table;
    this.generation = generation;
    this.changes = changes;
    this.#first = first;
  }

  /** The changes of one key group: drops first. One that is null costs its visit, and nothing else. */
  *records(group: number): Generator<StateRecord | null> {
    const bit = group - this.#first;
    for (const [namespace, groups] of this.changes.drops) {
      if ((groups[bit >>> 5]! & (1 << (bit & 31))) !== 0) yield dropped(namespace);
    }
    for (const entry of this.changes.lists[bit] ?? []) yield this.#record(entry);
  }

  #record(entry: Entry<V>): StateRecord | null {
    const { namespace, droppedIn } = entry.space;
    if (entry.saved !== null) {
      const value = entry.saved;
      entry.saved = null;
      return { kind: recordKind.put, namespace, key: entry.key, value };
    }
    if (droppedIn !== 0 && droppedIn <= this.generation) return null;
    invariant(entry.mark === this.generation, `S4: entry ${entry.key} of table ${this.table.name} has lost its frozen form`);
    entry.mark = 0;
    if (entry.live) return { kind: recordKind.put, namespace, key: entry.key, value: this.table.encode(entry.value) };
    return entry.born === this.generation ? null : tombstone(namespace, entry.key);
  }
}

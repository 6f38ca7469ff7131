/**
 * The changes of one table up to a barrier, being encoded while the table goes on.
 *
 * Owns: the order in which they are encoded, and each entry's frozen form. Invariants: S4 what a freeze saw is what its delta
 * holds; S23 an entry that was dropped up to the freeze has no record, the drop speaks for it.
 */
import { invariant } from '../core/index.ts';
import type { ChunkBuilder } from './chunk.ts';
import type { Changes, Entry } from './entries.ts';
import type { HeapTable } from './heap-table.ts';
import type { FrozenChanges } from './snapshot-table.ts';
import { dropped, recordKind, tombstone } from './state-record.ts';

export class FrozenTable<V> implements FrozenChanges {
  readonly table: HeapTable<V>;
  readonly generation: number;
  readonly changes: Changes<V>;
  readonly #first: number;
  #drops: readonly number[] = [];
  #list: readonly Entry<V>[] = [];

  /** @param first the first owned group */
  constructor(table: HeapTable<V>, generation: number, first: number, changes: Changes<V>) {
    this.table = table;
    this.generation = generation;
    this.changes = changes;
    this.#first = first;
  }

  open(group: number): number {
    const bit = group - this.#first;
    const has = (groups: Uint32Array): boolean => (groups[bit >>> 5]! & (1 << (bit & 31))) !== 0;
    this.#drops = [...this.changes.drops].filter(([, groups]) => has(groups)).map(([namespace]) => namespace);
    this.#list = this.changes.lists[bit] ?? [];
    return this.#drops.length + this.#list.length;
  }

  encode(i: number, builder: ChunkBuilder): Uint8Array | null {
    const drops = this.#drops;
    return i < drops.length ? builder.add(dropped(drops[i]!)) : this.#encode(this.#list[i - drops.length]!, builder);
  }

  #encode(entry: Entry<V>, builder: ChunkBuilder): Uint8Array | null {
    const { namespace, droppedIn } = entry.space;
    if (entry.saved !== null) {
      const value = entry.saved;
      entry.saved = null;
      return builder.add({ kind: recordKind.put, namespace, key: entry.key, value });
    }
    if (droppedIn !== 0 && droppedIn <= this.generation) return null;
    invariant(entry.mark === this.generation, `S4: entry ${entry.key} of table ${this.table.name} has lost its frozen form`);
    entry.mark = 0;
    if (entry.live) return builder.addValue(namespace, entry.key, this.table.bytesOf(entry.value));
    return entry.born === this.generation ? null : builder.add(tombstone(namespace, entry.key));
  }
}

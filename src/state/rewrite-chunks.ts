/**
 * Many chunks into few: what folding and merging have in common.
 *
 * Works on immutable chunks alone, never on live memory, and on values as opaque bytes: no codec is needed.
 * Invariants: S28 reading the result in place of the inputs gives the same entries; S29 tombstones are kept (`merge`) unless the
 * inputs are all that there is of their groups (`fold`).
 */
import { ChunkBuilder, type TableId } from './chunk.ts';
import { type ChunkRef, counts, fetchChunk, type GroupRange } from './chunk-ref.ts';
import type { BlobStore } from './ports.ts';
import { dropped, recordKind, type RecordReader, type StateRecord } from './state-record.ts';

export interface Rewrite {
  /** `fold`: everything of these groups becomes a base. `merge`: deltas that follow one another become one delta. */
  readonly kind: 'fold' | 'merge';
  /** Ascending; each gets chunks of its own. */
  readonly ranges: readonly GroupRange[];
  /** Oldest first. */
  readonly inputs: readonly ChunkRef[];
}

/** The newest word on every key of one table in one group. */
class NewestRecords {
  readonly table: TableId;
  readonly #drops = new Set<number>();
  readonly #records = new Map<number, Map<string, StateRecord>>();

  constructor(table: TableId) {
    this.table = table;
  }

  /** A section older than all before. */
  addOlder(older: RecordReader): void {
    const drops: number[] = [];
    while (older.next()) {
      if (older.kind === recordKind.drop) drops.push(older.namespace);
      else if (!this.#drops.has(older.namespace)) this.#addOlder(older);
    }
    for (const namespace of drops) this.#drops.add(namespace);
  }

  *result(tombstones: boolean): Generator<StateRecord> {
    if (tombstones) for (const namespace of this.#drops) yield dropped(namespace);
    for (const keys of this.#records.values()) {
      for (const record of keys.values()) if (tombstones || record.kind === recordKind.put) yield record;
    }
  }

  #addOlder(older: RecordReader): void {
    const keys = this.#records.get(older.namespace);
    if (keys === undefined) this.#records.set(older.namespace, new Map([[older.key, older.record()]]));
    else if (!keys.has(older.key)) keys.set(older.key, older.record());
  }
}

type NewestGroups = ReadonlyMap<number, ReadonlyMap<string, NewestRecords>>;

/** The bytes of the chunks that replace the inputs, per range. */
export async function rewriteChunks(
  rewrite: Rewrite,
  operator: string,
  blobs: BlobStore,
): Promise<readonly (readonly Uint8Array[])[]> {
  const { ranges, inputs, kind } = rewrite;
  const groups = new Map<number, Map<string, NewestRecords>>();
  let keyGroups = 0;
  for (const ref of inputs.toReversed()) {
    const chunk = await fetchChunk(ref, blobs);
    keyGroups = chunk.keyGroups;
    for (const section of chunk.sections) {
      const wanted = section.group >= ranges[0]![0] && section.group < ranges.at(-1)![1] && counts(ref, section.group);
      if (wanted) newest(groups, section.group, section.table).addOlder(section.read());
    }
  }
  return ranges.map((range) => build(new ChunkBuilder(operator, keyGroups), groups, range, kind === 'merge'));
}

function newest(groups: Map<number, Map<string, NewestRecords>>, group: number, table: TableId): NewestRecords {
  const tables = groups.get(group) ?? new Map<string, NewestRecords>();
  groups.set(group, tables);
  const known = tables.get(table.name) ?? new NewestRecords(table);
  tables.set(table.name, known);
  return known;
}

function build(builder: ChunkBuilder, groups: NewestGroups, [from, to]: GroupRange, tombstones: boolean): readonly Uint8Array[] {
  const chunks: (Uint8Array | null)[] = [];
  const inRange = [...groups].filter(([group]) => group >= from && group < to).sort(([a], [b]) => a - b);
  const ids = new Map<string, TableId>();
  for (const [group, tables] of inRange) {
    for (const [name, records] of tables) {
      const id = ids.get(name) ?? records.table;
      ids.set(name, id);
      builder.at(group, id);
      for (const record of records.result(tombstones)) chunks.push(builder.add(record));
    }
  }
  chunks.push(builder.finish());
  return chunks.filter((chunk) => chunk !== null);
}

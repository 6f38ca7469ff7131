/**
 * Many chunks into few: what folding and merging have in common.
 *
 * Works on immutable chunks alone, never on live memory, and on values as opaque bytes: no codec is needed.
 * Invariants: S28 reading the result in place of the inputs gives the same entries; S29 tombstones are kept (`merge`) unless the
 * inputs are all that there is of their groups (`fold`).
 */
import type { TableId } from './chunk.ts';
import { ChunkBuilder } from './chunk.ts';
import { type ChunkRef, counts, fetchChunk, type GroupRange } from './chunk-ref.ts';
import type { BlobStore } from './ports.ts';
import { dropped, recordKind, type StateRecord } from './state-record.ts';

export interface Rewrite {
  /** `fold`: everything of these groups becomes a base. `merge`: deltas that follow one another become one delta. */
  readonly kind: 'fold' | 'merge';
  readonly groups: GroupRange;
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
  addOlder(records: Iterable<StateRecord>): void {
    const drops: number[] = [];
    for (const record of records) {
      if (record.kind === recordKind.drop) drops.push(record.namespace);
      else if (!this.#drops.has(record.namespace)) this.#addOlder(record);
    }
    for (const namespace of drops) this.#drops.add(namespace);
  }

  *result(tombstones: boolean): Generator<StateRecord> {
    if (tombstones) for (const namespace of this.#drops) yield dropped(namespace);
    for (const keys of this.#records.values()) {
      for (const record of keys.values()) if (tombstones || record.kind === recordKind.put) yield record;
    }
  }

  #addOlder(record: StateRecord): void {
    const keys = this.#records.get(record.namespace);
    if (keys === undefined) this.#records.set(record.namespace, new Map([[record.key, record]]));
    else if (!keys.has(record.key)) keys.set(record.key, record);
  }
}

/** The bytes of the chunks that replace the inputs in these groups. */
export async function rewriteChunks(rewrite: Rewrite, operator: string, blobs: BlobStore): Promise<readonly Uint8Array[]> {
  const groups = new Map<number, Map<string, NewestRecords>>();
  let keyGroups = 0;
  for (const ref of rewrite.inputs.toReversed()) {
    const chunk = await fetchChunk(ref, blobs);
    keyGroups = chunk.keyGroups;
    for (const section of chunk.sections) {
      if (!counts(ref, section.group) || section.group < rewrite.groups[0] || section.group >= rewrite.groups[1]) continue;
      newest(groups, section.group, section.table).addOlder(section.records());
    }
  }
  return build(new ChunkBuilder(operator, keyGroups), groups, rewrite.kind === 'merge');
}

function newest(groups: Map<number, Map<string, NewestRecords>>, group: number, table: TableId): NewestRecords {
  const tables = groups.get(group) ?? new Map<string, NewestRecords>();
  groups.set(group, tables);
  const known = tables.get(table.name) ?? new NewestRecords(table);
  tables.set(table.name, known);
  return known;
}

function build(builder: ChunkBuilder, groups: ReadonlyMap<number, ReadonlyMap<string, NewestRecords>>, tombstones: boolean): readonly Uint8Array[] {
  const chunks: (Uint8Array | null)[] = [];
  const ids = new Map<string, TableId>();
  for (const [group, tables] of [...groups].sort(([a], [b]) => a - b)) {
    for (const records of tables.values()) {
      const { name, codecId } = records.table;
      const id = ids.get(`${name} ${codecId}`) ?? records.table;
      ids.set(`${name} ${codecId}`, id);
      builder.at(group, id);
      for (const record of records.result(tombstones)) chunks.push(builder.add(record));
    }
  }
  chunks.push(builder.finish());
  return chunks.filter((chunk) => chunk !== null);
}

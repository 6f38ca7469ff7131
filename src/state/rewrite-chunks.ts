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
import { NewestRecords } from './newest-records.ts';
import { dropped, recordKind, type RecordReader } from './state-record.ts';

export interface Rewrite {
  /** `fold`: everything of these groups becomes a base. `merge`: deltas that follow one another become one delta. */
  readonly kind: 'fold' | 'merge';
  /** Ascending; each gets chunks of its own. */
  readonly ranges: readonly GroupRange[];
  /** Oldest first. */
  readonly inputs: readonly ChunkRef[];
}

/** What counts of one table in one group. */
class NewestOfTable {
  readonly table: TableId;
  readonly #drops = new Set<number>();
  /** Records of one namespace mostly follow one another. */
  #last: NewestRecords | undefined;
  #lastNamespace = 0;
  readonly #records = new Map<number, NewestRecords>();

  constructor(table: TableId) {
    this.table = table;
  }

  /** A section older than all before. */
  addOlder(older: RecordReader): void {
    const drops: number[] = [];
    while (older.skim()) {
      if (older.kind === recordKind.drop) drops.push(older.namespace);
      else if (!this.#drops.has(older.namespace)) this.#of(older.namespace).addOlder(older);
    }
    for (const namespace of drops) this.#drops.add(namespace);
  }

  /** Into the builder; the chunks that got full. */
  build(builder: ChunkBuilder, tombstones: boolean): readonly Uint8Array[] {
    const chunks: Uint8Array[] = [];
    const keep = (chunk: Uint8Array | null): void => {
      if (chunk !== null) chunks.push(chunk);
    };
    if (tombstones) for (const namespace of this.#drops) keep(builder.add(dropped(namespace)));
    for (const [namespace, records] of this.#records)
      records.each(tombstones, (kind, bytes, from, to) => keep(builder.addBytes(kind, namespace, bytes, from, to)));
    return chunks;
  }

  #of(namespace: number): NewestRecords {
    if (this.#last === undefined || this.#lastNamespace !== namespace) {
      this.#last = this.#records.get(namespace) ?? new NewestRecords();
      this.#lastNamespace = namespace;
      this.#records.set(namespace, this.#last);
    }
    return this.#last;
  }
}

type NewestGroups = ReadonlyMap<number, ReadonlyMap<string, NewestOfTable>>;

/** The bytes of the chunks that replace the inputs, per range. */
export async function rewriteChunks(
  rewrite: Rewrite,
  operator: string,
  blobs: BlobStore,
): Promise<readonly (readonly Uint8Array[])[]> {
  const { ranges, inputs, kind } = rewrite;
  const groups = new Map<number, Map<string, NewestOfTable>>();
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

function newest(groups: Map<number, Map<string, NewestOfTable>>, group: number, table: TableId): NewestOfTable {
  const tables = groups.get(group) ?? new Map<string, NewestOfTable>();
  groups.set(group, tables);
  const known = tables.get(table.name) ?? new NewestOfTable(table);
  tables.set(table.name, known);
  return known;
}

function build(builder: ChunkBuilder, groups: NewestGroups, [from, to]: GroupRange, tombstones: boolean): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const inRange = [...groups].filter(([group]) => group >= from && group < to).sort(([a], [b]) => a - b);
  const ids = new Map<string, TableId>();
  for (const [group, tables] of inRange) {
    for (const [name, records] of tables) {
      const id = ids.get(name) ?? records.table;
      ids.set(name, id);
      builder.at(group, id);
      chunks.push(...records.build(builder, tombstones));
    }
  }
  const last = builder.finish();
  return last === null ? chunks : [...chunks, last];
}

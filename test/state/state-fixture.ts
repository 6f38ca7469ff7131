/** A codec whose values are mutable, and a writer of snapshots, for the tests of keyed state. */
import type { Epoch } from '../../src/core/index.ts';
import { epoch } from '../../src/core/index.ts';
import { recordKind, type StateRecord } from '../../src/state/state-record.ts';
import { readChunk, type Section } from '../../src/state/chunk.ts';
import {
  type BlobStore,
  type ChunkRef,
  chunkRef,
  type FrozenState,
  loadChunks,
  OperatorState,
  type StateTable,
  type ValueCodec,
} from '../../src/state/index.ts';

export interface Box {
  n: number;
}

export const boxCodec: ValueCodec<Box> = {
  id: 'box:1',
  write: (out, box) => out.int(box.n),
  read: (from) => ({ n: from.int() }),
};

/** The same of values that nobody changes. */
export const fixedCodec: ValueCodec<Box> = { ...boxCodec, asBytes: true };

export const keyGroups = 16;

export function boxState(
  owned: readonly [number, number] = [0, keyGroups],
  packedFrom: number = 1,
  codec: ValueCodec<Box> = boxCodec,
): { state: OperatorState; tables: StateTable<Box>[] } {
  // So few that what is unlisted, and what is not, come together in every test, and so do objects and packed entries.
  const state = new OperatorState({
    operator: 'op',
    keyGroups,
    owned,
    limits: { unlistedMax: 2, packedFrom, loadedPackedFrom: packedFrom },
  });
  return { state, tables: [state.table('a', codec), state.table('b', codec)] };
}

export function drain(frozen: FrozenState, entriesMax = 100): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  while (!frozen.done) {
    const chunk = frozen.step(entriesMax);
    if (chunk !== null) chunks.push(chunk);
  }
  return chunks;
}

/** The chunks of a freeze, which is settled. */
export function written(frozen: FrozenState): Uint8Array[] {
  const chunks = drain(frozen);
  frozen.written();
  return chunks;
}

export async function store(chunks: readonly Uint8Array[], blobs: BlobStore, nextId: () => string): Promise<ChunkRef[]> {
  const refs = chunks.map((bytes) => chunkRef(nextId(), 'delta', bytes));
  await Promise.all(refs.map((ref, i) => blobs.put(ref.id, chunks[i]!)));
  return refs;
}

export function ids(prefix = 'c'): () => string {
  let next = 0;
  return () => `${prefix}/${next++}`;
}

export function epochs(): () => Epoch {
  let next = 0;
  return () => epoch(++next);
}

/** Everything in the tables, as plain text lines in order. */
export function contents(tables: readonly StateTable<Box>[]): string[] {
  const lines: string[] = [];
  tables.forEach((table, t) => {
    for (const namespace of table.namespaces()) {
      for (const { key, group, value } of table.entries(namespace)) lines.push(`${t} ${namespace} ${key} ${group} ${value.n}`);
    }
  });
  return lines.sort();
}

/** What `parallelism` subtasks restore from these references, together. */
export async function restored(refs: readonly ChunkRef[], blobs: BlobStore, parallelism: number): Promise<string[]> {
  const lines: string[] = [];
  for (let subtask = 0; subtask < parallelism; subtask++) {
    const owned = [
      Math.floor((subtask * keyGroups) / parallelism),
      Math.floor(((subtask + 1) * keyGroups) / parallelism),
    ] as const;
    const { state, tables } = boxState(owned);
    await loadChunks(state, refs, blobs);
    const part = contents(tables);
    if (state.rows !== part.length) throw new Error(`rows says ${state.rows}, there are ${part.length}`);
    lines.push(...part);
  }
  return lines.sort();
}

/** The records of a delta, as lines. */
export function recordLines(chunks: readonly Uint8Array[]): string[] {
  const kinds = Object.entries(recordKind);
  return chunks.flatMap((bytes) =>
    readChunk(bytes, 'x').sections.flatMap((section) =>
      recordsOf(section).map(({ kind, namespace, key }) =>
        `${kinds.find(([, n]) => n === kind)![0]} ${section.table.name} ${section.group} ${namespace} ${key}`.trim(),
      ),
    ),
  );
}

export function recordsOf(section: Section): StateRecord[] {
  const reader = section.read();
  const records: StateRecord[] = [];
  while (reader.next()) records.push(reader.record());
  return records;
}

/**
 * Restore: fills an operator's tables from the chunks that a checkpoint lists, at any parallelism.
 *
 * Chunks are read from the newest to the oldest: the first record of a key is the one that counts, so that each living value is
 * decoded once, and nothing is held but the tables themselves and the keys that newer chunks spoke of. Those are few, so that looking
 * for a key among them costs less than among all of the table; the oldest chunk of a group, mostly its base, is not among them.
 * Invariants: S26 only records of groups that are owned and for which the chunk still counts are taken; S27 a table that is
 * not declared, or has another codec, is refused: never skipped.
 */
import { type ByteReader, keyHashVersion } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { Chunk, Section, TableId } from './chunk.ts';
import { type ChunkRef, counts, fetchChunk, within } from './chunk-ref.ts';
import { NewerKeys, type NewerPlace } from './newer-keys.ts';
import type { OperatorState } from './operator-state.ts';
import type { BlobStore } from './ports.ts';
import { recordKind } from './state-record.ts';

/** Chunks that are under way while one is taken in: small ones wait for the store rather than for work. */
const readAhead = 8;

/** Table → a value of it as an earlier version of the job wrote it, made one of today. Tables that are not in it are as they were. */
export type OlderTables = ReadonlyMap<string, (from: ByteReader) => unknown>;

/**
 * @param state with all its tables declared, and empty
 * @param refs in the order of the manifest; chunks of groups that are not owned are ignored
 * @param older where state has changed its form: everything is then new, and goes with the next snapshot, whole
 * @throws WeirError `E_STATE_DAMAGED` or `E_STATE_INCOMPATIBLE` ("was / is")
 */
export async function loadChunks(
  state: OperatorState,
  refs: readonly ChunkRef[],
  blobs: BlobStore,
  older?: OlderTables,
): Promise<void> {
  const newer = new NewerKeys();
  const wanted = refs.toReversed().flatMap((ref) => within(ref, state.owned) ?? []);
  const left = chunksByGroup(wanted);
  const ahead: { readonly ref: ChunkRef; readonly fetched: Promise<Chunk> }[] = [];
  const fetchOne = (ref: ChunkRef): void => {
    const fetched = fetchChunk(ref, blobs);
    fetched.catch(() => undefined); // whoever comes to it sees it
    ahead.push({ ref, fetched });
  };
  for (const ref of wanted.slice(0, readAhead)) fetchOne(ref);
  for (let next = readAhead; ahead.length > 0; next++) {
    const { ref, fetched } = ahead.shift()!;
    const chunk = await fetched;
    if (next < wanted.length) fetchOne(wanted[next]!);
    requireCompatible(state, chunk, older);
    for (const [from, to] of ref.groups) for (let group = from; group < to; group++) left.set(group, left.get(group)! - 1);
    for (const section of chunk.sections)
      if (counts(ref, section.group))
        loadSection({ state, older }, section, newer.place(section.table.name, section.group), left.get(section.group)! > 0);
  }
  state.loaded();
}

/** How many of them count for each group. */
function chunksByGroup(refs: readonly ChunkRef[]): Map<number, number> {
  const chunks = new Map<number, number>();
  for (const { groups } of refs)
    for (const [from, to] of groups) for (let group = from; group < to; group++) chunks.set(group, (chunks.get(group) ?? 0) + 1);
  return chunks;
}

interface Loaded {
  readonly state: OperatorState;
  readonly older: OlderTables | undefined;
}

/** @param remembers older chunks may speak of the same keys */
function loadSection({ state, older }: Loaded, section: Section, newer: NewerPlace, remembers: boolean): void {
  const table = state.snapshotTable(section.table.name)!;
  const read = older?.get(section.table.name);
  const drops: number[] = [];
  const record = section.read();
  while (record.next()) {
    const { kind, namespace, key } = record;
    if (kind === recordKind.drop) drops.push(namespace);
    else if (newer.has(namespace, key)) continue;
    else {
      if (kind === recordKind.put) {
        if (older === undefined) table.load(section.group, record);
        else table.renew(section.group, record, read);
      }
      if (remembers) newer.add(namespace, key);
    }
  }
  // A drop is older than the other records of its section: it speaks of the sections before.
  for (const namespace of drops) newer.addNamespace(namespace);
}

function requireCompatible(state: OperatorState, chunk: Chunk, older: OlderTables | undefined): void {
  const refuse = (what: string): never => {
    throw new WeirError('E_STATE_INCOMPATIBLE', `operator ${state.operator}: ${what}`);
  };
  if (chunk.keyHashVersion !== keyHashVersion)
    refuse(`the version of the key hash was ${chunk.keyHashVersion}, is ${keyHashVersion}`);
  if (chunk.keyGroups !== state.keyGroups) refuse(`the number of key groups was ${chunk.keyGroups}, is ${state.keyGroups}`);
  const declared = new Map(state.descriptors().map((table) => [table.name, table]));
  for (const was of chunk.tables) {
    const reason = older?.has(was.name) === true ? null : difference(was, declared);
    if (reason !== null) refuse(reason);
  }
}

function difference(was: TableId, declared: ReadonlyMap<string, TableId>): string | null {
  const is = declared.get(was.name);
  if (is === undefined)
    return `the checkpoint has state '${was.name}' (was ${was.codecId}), which the operator no longer declares (is ${[...declared.keys()].join(', ') || 'none'})`;
  return is.codecId === was.codecId ? null : `state '${was.name}' was ${was.codecId}, is ${is.codecId}`;
}

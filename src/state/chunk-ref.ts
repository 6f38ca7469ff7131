/**
 * What a manifest knows of a chunk: where it is, what it must be, and for which key groups it still counts.
 *
 * Plain data. Invariants: S19 the ranges of `groups` ascend and do not touch; a chunk is needed while it has one.
 */
import { WeirError } from '../core/index.ts';
import { type Chunk, chunkCrc, readChunk } from './chunk.ts';
import type { BlobStore } from './ports.ts';

export type GroupRange = readonly [from: number, to: number];

export interface ChunkRef {
  readonly id: string;
  readonly bytes: number;
  readonly crc: number;
  readonly operator: string;
  readonly kind: 'delta' | 'base';
  /** Key groups, as [from, to), whose records in it still count. */
  readonly groups: readonly GroupRange[];
  /** How many groups it was written for: `bytes / span` is about what one group of it costs. */
  readonly span: number;
}

/** The reference to a chunk that was just written: live for all groups between its first and its last. */
export function chunkRef(id: string, kind: ChunkRef['kind'], bytes: Uint8Array): ChunkRef {
  const { operator, sections } = readChunk(bytes, id);
  const from = sections[0]?.group ?? 0;
  const to = (sections.at(-1)?.group ?? -1) + 1;
  return { id, bytes: bytes.length, crc: chunkCrc(bytes), operator, kind, groups: [[from, to]], span: to - from };
}

/** @throws WeirError `E_STATE_DAMAGED` if the blob is not the chunk that the reference was made of */
export async function fetchChunk(ref: ChunkRef, blobs: BlobStore): Promise<Chunk> {
  const sound = blobs.view?.(ref.id);
  const bytes = sound ?? (await blobs.get(ref.id));
  if (bytes.length !== ref.bytes || chunkCrc(bytes) !== ref.crc)
    throw new WeirError('E_STATE_DAMAGED', `chunk ${ref.id} is not the one that the checkpoint lists`);
  const chunk = readChunk(bytes, ref.id, sound !== undefined);
  if (chunk.operator !== ref.operator)
    throw new WeirError('E_STATE_DAMAGED', `chunk ${ref.id} belongs to operator ${chunk.operator}, not to ${ref.operator}`);
  return chunk;
}

export function counts(ref: ChunkRef, group: number): boolean {
  return ref.groups.some(([from, to]) => group >= from && group < to);
}

/** How many groups it counts for. */
export function liveGroups(ref: ChunkRef): number {
  return ref.groups.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** The same chunk, for these groups only; null if none is left. */
export function within(ref: ChunkRef, [from, to]: GroupRange): ChunkRef | null {
  const groups = ref.groups.map(([a, b]) => [Math.max(a, from), Math.min(b, to)] as const).filter(([a, b]) => a < b);
  return groups.length === 0 ? null : { ...ref, groups };
}

/** The same chunk without these groups; null if none is left. */
export function without(ref: ChunkRef, [from, to]: GroupRange): ChunkRef | null {
  if (from >= to) return ref;
  const groups = ref.groups.flatMap(([a, b]) =>
    [[a, Math.min(b, from)] as const, [Math.max(a, to), b] as const].filter(([x, y]) => x < y),
  );
  return groups.length === 0 ? null : { ...ref, groups };
}

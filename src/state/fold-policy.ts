/**
 * Which chunks of a chain are worth rewriting now. Pure.
 *
 * A key group is folded once its deltas exceed half of its base; runs of small deltas are merged before that, so that a chain
 * stays short when little changes. Sizes per group are estimated: a chunk's bytes over the groups it was written for.
 * Invariants: S30 one rewrite costs at most what it is given, or one group; S31 a small chain is rewritten whole and rarely.
 */
import { type ChunkRef, counts, type GroupRange, liveGroups } from './chunk-ref.ts';
import type { Rewrite } from './rewrite-chunks.ts';

/** Below this a chain is folded whole. */
const smallChainBytes = 64 * 1024;
/** Deltas that pile up before a small chain is folded or a run is merged. */
const runLength = 8;
const mergeBytesMin = 4 * 1024;
const mergeBytesMax = 1024 * 1024;

export interface ChainSizes {
  readonly base: number;
  readonly delta: number;
}

const share = (ref: ChunkRef): number => ref.bytes / Math.max(1, ref.span);

export function sizesOf(refs: readonly ChunkRef[]): ChainSizes {
  const sizes = { base: 0, delta: 0 };
  for (const ref of refs) sizes[ref.kind] += share(ref) * liveGroups(ref);
  return sizes;
}

/** Where a fold would start, and what its first group costs; null if no group is due. */
export function dueFold(refs: readonly ChunkRef[], groups: GroupRange): { readonly group: number; readonly bytes: number } | null {
  let due: { group: number; bytes: number } | null = null;
  let worst = 0;
  for (let group = groups[0]; group < groups[1]; group++) {
    const { base, delta, chunks } = groupSizes(refs, group);
    const excess = delta / (base + 1);
    // The worst, and of equals the lowest: neighbours follow each other, and ranges stay whole.
    if (chunks < 2 || delta * 2 <= base || excess <= worst * 1.01) continue;
    worst = excess;
    due = { group, bytes: base > 0 ? base : delta };
  }
  return due;
}

/** The next rewrite that `credit` bytes allow. */
export function nextRewrite(refs: readonly ChunkRef[], groups: GroupRange, credit: number): Rewrite | null {
  const { base, delta } = sizesOf(refs);
  const deltas = refs.filter((ref) => ref.kind === 'delta');
  if (base + delta <= smallChainBytes) {
    return deltas.length >= runLength && delta * 2 > base ? { kind: 'fold', groups, inputs: refs } : mergeOf(deltas, mergeBytesMin);
  }
  return foldOf(refs, groups, credit) ?? mergeOf(deltas, Math.min(mergeBytesMax, Math.max(mergeBytesMin, base / 128)));
}

function foldOf(refs: readonly ChunkRef[], groups: GroupRange, credit: number): Rewrite | null {
  const due = dueFold(refs, groups);
  if (due === null || credit < due.bytes) return null;
  let to = due.group + 1;
  for (let cost = due.bytes; to < groups[1]; to++) {
    const { base, delta, chunks } = groupSizes(refs, to);
    cost += base > 0 ? base : delta;
    if (chunks < 2 || delta * 2 <= base || cost > credit) break;
  }
  const range: GroupRange = [due.group, to];
  return { kind: 'fold', groups: range, inputs: refs.filter((ref) => touches(ref, range)) };
}

/** The longest run of last deltas of one order of size that together are at most `bytesMax`. */
function mergeOf(deltas: readonly ChunkRef[], bytesMax: number): Rewrite | null {
  for (let size = 1024; size < bytesMax; size *= runLength) {
    const from = deltas.findLastIndex((ref) => ref.bytes > size) + 1;
    const run = deltas.slice(from);
    const bytes = run.reduce((sum, ref) => sum + ref.bytes, 0);
    if (run.length >= runLength && bytes <= bytesMax) return { kind: 'merge', groups: [0, Number.MAX_SAFE_INTEGER], inputs: run };
  }
  return null;
}

function groupSizes(refs: readonly ChunkRef[], group: number): ChainSizes & { readonly chunks: number } {
  const sizes = { base: 0, delta: 0, chunks: 0 };
  for (const ref of refs) {
    if (!counts(ref, group)) continue;
    sizes[ref.kind] += share(ref);
    sizes.chunks++;
  }
  return sizes;
}

function touches(ref: ChunkRef, [from, to]: GroupRange): boolean {
  return ref.groups.some(([a, b]) => a < to && b > from);
}

/**
 * Which chunks of a chain are worth rewriting now. Pure.
 *
 * A key group is folded once its deltas exceed half of its base; runs of small deltas are merged before that, so that a chain
 * stays short when little changes. Sizes per group are estimated: a chunk's bytes over the groups it was written for.
 * Invariants: S30 a fold begins at the group that needs it most and takes neighbours that are due too, up to the bytes it is
 * given; S31 a small chain is rewritten whole, and only after several deltas.
 */
import { type ChunkRef, counts, type GroupRange, liveGroups } from './chunk-ref.ts';
import type { Rewrite } from './rewrite-chunks.ts';

/** Below this a chain is folded whole. */
const smallChainBytes = 256 * 1024;
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

export function isSmall(refs: readonly ChunkRef[]): boolean {
  const { base, delta } = sizesOf(refs);
  return base + delta <= smallChainBytes;
}

/** A rewrite that is cheap enough to be made at once: of a small chain, or of small deltas. */
export function cheapRewrite(refs: readonly ChunkRef[], owned: GroupRange): Rewrite | null {
  const { base, delta } = sizesOf(refs);
  const deltas = refs.filter((ref) => ref.kind === 'delta');
  if (!isSmall(refs)) return mergeOf(deltas, Math.min(mergeBytesMax, Math.max(mergeBytesMin, base / 128)));
  if (deltas.length >= runLength && delta * 2 > base) return { kind: 'fold', ranges: [owned], inputs: refs };
  return mergeOf(deltas, mergeBytesMin);
}

/**
 * The folds of a chain that is not small, as ranges of key groups that follow each other; none if nothing is due.
 *
 * @param rangeBytes about what a range may cost; one group may cost more
 * @param bytesMax what all may cost together
 */
export function dueFold(refs: readonly ChunkRef[], owned: GroupRange, rangeBytes: number, bytesMax: number): Rewrite | null {
  if (isSmall(refs)) return null;
  const costs = groupCosts(refs, owned);
  const start = neediest(costs);
  if (start === -1) return null;
  const ranges: [number, number][] = [];
  for (let i = start, total = 0, inRange = Infinity; i < costs.length; i++) {
    const { due, bytes } = costs[i]!;
    total += bytes;
    inRange += bytes;
    if (!due || (i > start && total > bytesMax)) break;
    if (inRange > rangeBytes) {
      ranges.push([owned[0] + i, owned[0] + i]);
      inRange = bytes;
    }
    ranges.at(-1)![1]++;
  }
  const all: GroupRange = [ranges[0]![0], ranges.at(-1)![1]];
  return { kind: 'fold', ranges, inputs: refs.filter((ref) => ref.groups.some(([from, to]) => from < all[1] && to > all[0])) };
}

interface GroupCost {
  readonly due: boolean;
  /** Deltas to base. */
  readonly excess: number;
  /** About what its new base takes. */
  readonly bytes: number;
}

function groupCosts(refs: readonly ChunkRef[], owned: GroupRange): readonly GroupCost[] {
  const costs: GroupCost[] = [];
  for (let group = owned[0]; group < owned[1]; group++) {
    const sizes = { base: 0, delta: 0 };
    let largest = 0;
    for (const ref of refs) {
      if (!counts(ref, group)) continue;
      const bytes = share(ref);
      sizes[ref.kind] += bytes;
      if (ref.kind === 'delta' && bytes > largest) largest = bytes;
    }
    // Before the first fold, the delta that brought most of the entries stands for the base.
    const base = sizes.base === 0 ? largest : sizes.base;
    const delta = sizes.base === 0 ? sizes.delta - largest : sizes.delta;
    costs.push({ due: delta * 2 > base, excess: delta / (base + 1), bytes: base });
  }
  return costs;
}

/** The worst, and of equals the first: neighbours follow each other, and the ranges of chunks stay whole. */
function neediest(costs: readonly GroupCost[]): number {
  let found = -1;
  costs.forEach(({ due, excess }, i) => {
    if (due && (found === -1 || excess > costs[found]!.excess * 1.01)) found = i;
  });
  return found;
}

/** The longest run of last deltas of one order of size that together are at most `bytesMax`. */
function mergeOf(deltas: readonly ChunkRef[], bytesMax: number): Rewrite | null {
  for (let size = 1024; size < bytesMax; size *= runLength) {
    const run = deltas.slice(deltas.findLastIndex((ref) => ref.bytes > size) + 1);
    const bytes = run.reduce((sum, ref) => sum + ref.bytes, 0);
    if (run.length >= runLength && bytes <= bytesMax)
      return { kind: 'merge', ranges: [[0, Number.MAX_SAFE_INTEGER]], inputs: run };
  }
  return null;
}

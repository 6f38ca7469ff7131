/**
 * The chunks that together are one operator's state in one subtask, oldest first.
 *
 * Owns: the list, and its folding within a budget per epoch. Does not own: what is worth folding (fold-policy.ts), how
 * (rewrite-chunks.ts, fold-ahead.ts), when a blob may be deleted (garbage.ts).
 * Invariants: S32 bases come before deltas, and within a key group the order is that of the writing; S33 a chunk stays in the
 * list until its replacement is durable; S28 folding changes no entry.
 */
import { type ChunkRef, chunkRef, type GroupRange, within, without } from './chunk-ref.ts';
import { FoldAhead } from './fold-ahead.ts';
import { FoldBudget } from './fold-budget.ts';
import { cheapRewrite, dueFold, sizesOf } from './fold-policy.ts';
import type { BlobStore } from './ports.ts';
import { rewriteChunks } from './rewrite-chunks.ts';

export type { ChunkRef, GroupRange } from './chunk-ref.ts';

export interface SnapshotChainOptions {
  readonly operator: string;
  /** Of this subtask, as [from, to). */
  readonly owned: GroupRange;
  /** Of a restored checkpoint: all earlier subtasks', in their order. Groups that are not owned are left out. */
  readonly refs?: readonly ChunkRef[];
  /** What folding may write per epoch, as a share of the base (0.015). */
  readonly foldShare?: number;
}

const foldBytesMin = 16 * 1024;
/** What prepared folds may hold in memory, about. */
const aheadBytesMax = 4 * 1024 * 1024;

interface Replacement {
  readonly kind: ChunkRef['kind'];
  readonly range: GroupRange;
  isInput(ref: ChunkRef): boolean;
  readonly chunks: readonly Uint8Array[];
}

export class SnapshotChain {
  readonly operator: string;
  readonly owned: GroupRange;
  readonly #budget: FoldBudget;
  readonly #ahead = new FoldAhead();
  #refs: readonly ChunkRef[];
  #appendedBytes = 0;
  constructor(options: SnapshotChainOptions) {
    this.operator = options.operator;
    this.owned = options.owned;
    this.#budget = new FoldBudget(options.foldShare ?? 0.015, options.owned[0]);
    const owned = (options.refs ?? []).map((ref) => within(ref, this.owned)).filter((ref) => ref !== null);
    this.#refs = [...owned.filter((ref) => ref.kind === 'base'), ...owned.filter((ref) => ref.kind === 'delta')];
  }

  /** For the manifest. */
  refs(): readonly ChunkRef[] {
    return this.#refs;
  }

  /** The chunks of one delta, all of them durable. */
  append(delta: readonly ChunkRef[]): void {
    this.#refs = [...this.#refs, ...delta];
    this.#appendedBytes += delta.reduce((sum, ref) => sum + ref.bytes, 0);
  }

  /**
   * Folds what is due, within this epoch's budget. Once per epoch, after `append`, one call at a time. On an error the chain is
   * as it was, or with a part of the folding done.
   *
   * @param nextId a new id for each chunk, never used before
   * @returns bytes written
   */
  async fold(blobs: BlobStore, nextId: () => string): Promise<number> {
    const sizes = sizesOf(this.#refs);
    // Too far behind: epochs wait for the preparation, or the chain would grow without bound.
    if (sizes.delta > sizes.base) await this.#ahead.settled();
    const earned = this.#budget.earn(sizes, this.#appendedBytes);
    this.#appendedBytes = 0;
    let written = await this.#writePrepared(blobs, nextId);
    if (!this.#ahead.idle) return written;
    const cheap = cheapRewrite(this.#refs, this.owned);
    if (cheap !== null) {
      const chunks = (await rewriteChunks(cheap, this.operator, blobs)).flat();
      const kind = cheap.kind === 'fold' ? 'base' : 'delta';
      // By identity: after a rescale a chunk can be in the list twice, for other groups.
      const inputs = new Set(cheap.inputs);
      written += await this.#replace({ kind, range: cheap.ranges[0]!, isInput: (ref) => inputs.has(ref), chunks }, blobs, nextId);
    }
    const due = dueFold(this.#refs, this.owned, Math.max(foldBytesMin, earned), aheadBytesMax);
    if (due !== null) this.#ahead.start(due, this.operator, blobs);
    return written;
  }

  async #writePrepared(blobs: BlobStore, nextId: () => string): Promise<number> {
    let written = 0;
    for (let next = this.#ahead.next; next !== null && this.#budget.allows(next.bytes); next = this.#ahead.next) {
      const { range, inputs, chunks } = next;
      written += await this.#replace({ kind: 'base', range, isInput: ({ id }) => inputs.has(id), chunks }, blobs, nextId);
      this.#budget.spend(next.bytes);
      this.#ahead.written();
    }
    return written;
  }

  async #replace({ kind, range, isInput, chunks }: Replacement, blobs: BlobStore, nextId: () => string): Promise<number> {
    const refs = chunks.map((bytes) => chunkRef(nextId(), kind, bytes));
    await Promise.all(refs.map((ref, i) => blobs.put(ref.id, chunks[i]!)));
    const at = kind === 'base' ? 0 : this.#refs.findIndex(isInput);
    const kept = (ref: ChunkRef): ChunkRef | null => (isInput(ref) ? without(ref, range) : ref);
    this.#refs = [...this.#refs.slice(0, at).map(kept), ...refs, ...this.#refs.slice(at).map(kept)].filter((ref) => ref !== null);
    return refs.reduce((sum, ref) => sum + ref.bytes, 0);
  }
}

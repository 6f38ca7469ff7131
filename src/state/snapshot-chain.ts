/**
 * The chunks that together are one operator's state in one subtask, oldest first.
 *
 * Owns: the list, and its folding within a budget per epoch. Does not own: what is worth folding (fold-policy.ts), how
 * (rewrite-chunks.ts), when a blob may be deleted (garbage.ts).
 * Invariants: S32 bases come before deltas, and within a key group the order is that of the writing; S33 a chunk stays in the
 * list until its replacement is durable; S28 folding changes no entry.
 */
import { type ChunkRef, chunkRef, type GroupRange, within, without } from './chunk-ref.ts';
import { dueFold, nextRewrite, sizesOf } from './fold-policy.ts';
import type { BlobStore } from './ports.ts';
import { type Rewrite, rewriteChunks } from './rewrite-chunks.ts';

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

export class SnapshotChain {
  readonly operator: string;
  readonly owned: GroupRange;
  readonly #foldShare: number;
  #refs: readonly ChunkRef[];
  #appendedBytes = 0;
  /** Bytes that folding may write now; null while nothing is due. */
  #credit: number | null = null;

  constructor(options: SnapshotChainOptions) {
    this.operator = options.operator;
    this.owned = options.owned;
    this.#foldShare = options.foldShare ?? 0.015;
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
   * Folds what is due, once per epoch, after `append`. On an error the chain is as it was.
   *
   * @param nextId a new id for each chunk, never used before
   * @returns bytes written
   */
  async fold(blobs: BlobStore, nextId: () => string): Promise<number> {
    this.#earn();
    let written = 0;
    for (;;) {
      const rewrite = nextRewrite(this.#refs, this.owned, this.#credit ?? 0);
      if (rewrite === null) return written;
      const bytes = await this.#rewrite(rewrite, blobs, nextId);
      written += bytes;
      if (this.#credit !== null) this.#credit -= bytes;
    }
  }

  /** Credit grows while something is due, at one and a half times the pace of the deltas at least, so that it is caught up. */
  #earn(): void {
    const due = dueFold(this.#refs, this.owned);
    const { base, delta } = sizesOf(this.#refs);
    const earned = Math.max(this.#foldShare * Math.max(base, delta / 2), 1.5 * this.#appendedBytes);
    this.#appendedBytes = 0;
    if (due === null) this.#credit = null;
    // Subtasks begin at different times, or all of them would fold a group in the same epochs.
    else if (this.#credit === null) this.#credit = earned - ((this.owned[0] * 0.618) % 1) * due.bytes;
    else this.#credit = Math.min(this.#credit, due.bytes) + earned;
  }

  async #rewrite(rewrite: Rewrite, blobs: BlobStore, nextId: () => string): Promise<number> {
    const chunks = await rewriteChunks(rewrite, this.operator, blobs);
    const kind = rewrite.kind === 'fold' ? 'base' : 'delta';
    const refs = chunks.map((bytes) => chunkRef(nextId(), kind, bytes));
    await Promise.all(refs.map((ref, i) => blobs.put(ref.id, chunks[i]!)));
    this.#replace(rewrite, refs);
    return refs.reduce((sum, ref) => sum + ref.bytes, 0);
  }

  #replace({ kind, groups, inputs }: Rewrite, refs: readonly ChunkRef[]): void {
    const replaced = new Set(inputs);
    const at = this.#refs.indexOf(inputs[0]!);
    const kept = (ref: ChunkRef): ChunkRef | null => (replaced.has(ref) ? without(ref, groups) : ref);
    const before = this.#refs.slice(0, at).map(kept);
    const after = this.#refs.slice(at).map(kept);
    this.#refs = (kind === 'fold' ? [...refs, ...before, ...after] : [...before, ...refs, ...after]).filter((ref) => ref !== null);
  }
}

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
  readonly inputs: ReadonlySet<string>;
  readonly chunks: readonly Uint8Array[];
}

export class SnapshotChain {
  readonly operator: string;
  readonly owned: GroupRange;
  readonly #foldShare: number;
  readonly #ahead = new FoldAhead();
  #refs: readonly ChunkRef[];
  #appendedBytes = 0;
  /** Bytes that folding may write now. */
  #credit: number;

  constructor(options: SnapshotChainOptions) {
    this.operator = options.operator;
    this.owned = options.owned;
    this.#foldShare = options.foldShare ?? 0.015;
    const owned = (options.refs ?? []).map((ref) => within(ref, this.owned)).filter((ref) => ref !== null);
    this.#refs = [...owned.filter((ref) => ref.kind === 'base'), ...owned.filter((ref) => ref.kind === 'delta')];
    // Subtasks begin at different times, or all of them would write a base in the same epochs.
    this.#credit = ((this.owned[0] * 0.618) % 1) * this.#foldShare * sizesOf(this.#refs).base;
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
    const { base, delta } = sizesOf(this.#refs);
    // Too far behind: epochs wait for the preparation, or the chain would grow without bound.
    if (delta > base) await this.#ahead.settled();
    const earned = this.#earn();
    let written = await this.#writePrepared(blobs, nextId);
    if (!this.#ahead.idle) return written;
    const cheap = cheapRewrite(this.#refs, this.owned);
    if (cheap !== null) {
      const chunks = (await rewriteChunks(cheap, this.operator, blobs)).flat();
      const kind = cheap.kind === 'fold' ? 'base' : 'delta';
      const inputs = new Set(cheap.inputs.map(({ id }) => id));
      written += await this.#replace({ kind, range: cheap.ranges[0]!, inputs, chunks }, blobs, nextId);
    }
    const due = dueFold(this.#refs, this.owned, Math.max(foldBytesMin, earned), aheadBytesMax);
    if (due !== null) this.#ahead.start(due, this.operator, blobs);
    return written;
  }

  async #writePrepared(blobs: BlobStore, nextId: () => string): Promise<number> {
    let written = 0;
    for (let next = this.#ahead.next; next !== null && next.bytes <= this.#credit; next = this.#ahead.next) {
      written += await this.#replace({ ...next, kind: 'base' }, blobs, nextId);
      this.#credit -= next.bytes;
      this.#ahead.written();
    }
    return written;
  }

  /** Credit grows faster than the deltas, so that folding catches up; little of it is carried over. */
  #earn(): number {
    const { base, delta } = sizesOf(this.#refs);
    const earned = Math.max(this.#foldShare * Math.max(base, delta / 2), 1.5 * this.#appendedBytes);
    this.#appendedBytes = 0;
    this.#credit = Math.min(this.#credit + earned, Math.max(this.#ahead.next?.bytes ?? 0, 1.2 * earned));
    return earned;
  }

  async #replace({ kind, range, inputs, chunks }: Replacement, blobs: BlobStore, nextId: () => string): Promise<number> {
    const refs = chunks.map((bytes) => chunkRef(nextId(), kind, bytes));
    await Promise.all(refs.map((ref, i) => blobs.put(ref.id, chunks[i]!)));
    const at = kind === 'base' ? 0 : this.#refs.findIndex((ref) => inputs.has(ref.id));
    const kept = (ref: ChunkRef): ChunkRef | null => (inputs.has(ref.id) ? without(ref, range) : ref);
    this.#refs = [...this.#refs.slice(0, at).map(kept), ...refs, ...this.#refs.slice(at).map(kept)].filter((ref) => ref !== null);
    return refs.reduce((sum, ref) => sum + ref.bytes, 0);
  }
}

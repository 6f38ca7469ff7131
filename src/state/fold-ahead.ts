/**
 * Folds prepared in memory, to be written a part per epoch.
 *
 * Folding one key group reads every delta since its last base, as folding ten does: so several are read at once, behind the
 * checkpoints, and their new bases wait here until the budget allows to write them. Inputs are immutable and stay in the chain, so
 * a prepared fold stays right whatever is appended meanwhile; if it is lost, nothing is.
 * Invariants: S34 one preparation at a time; nothing else rewrites these chunks until it is written.
 */
import type { GroupRange } from './chunk-ref.ts';
import type { BlobStore } from './ports.ts';
import { type Rewrite, rewriteChunks } from './rewrite-chunks.ts';

export interface PreparedFold {
  readonly range: GroupRange;
  /** Ids of the chunks that it replaces in this range. */
  readonly inputs: ReadonlySet<string>;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

export class FoldAhead {
  #ready: PreparedFold[] = [];
  #preparation: Promise<void> | null = null;
  #failure: { readonly thrown: unknown } | null = null;

  get idle(): boolean {
    return this.#ready.length === 0 && this.#preparation === null;
  }

  /** Resolves once nothing is being prepared. */
  async settled(): Promise<void> {
    await this.#preparation;
  }

  /** @throws what the preparation failed with, once */
  get next(): PreparedFold | null {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.thrown;
    return this.#ready[0] ?? null;
  }

  written(): void {
    this.#ready.shift();
  }

  start(rewrite: Rewrite, operator: string, blobs: BlobStore): void {
    this.#preparation = this.#prepare(rewrite, operator, blobs);
  }

  async #prepare(rewrite: Rewrite, operator: string, blobs: BlobStore): Promise<void> {
    try {
      const chunks = await rewriteChunks(rewrite, operator, blobs);
      const inputs = new Set(rewrite.inputs.map(({ id }) => id));
      this.#ready = rewrite.ranges.map((range, i) => ({
        range,
        inputs,
        chunks: chunks[i]!,
        bytes: chunks[i]!.reduce((sum, chunk) => sum + chunk.length, 0),
      }));
    } catch (thrown) {
      // Nobody waits for it: it is told to whoever asks for the next fold.
      this.#failure = { thrown };
    } finally {
      this.#preparation = null;
    }
  }
}

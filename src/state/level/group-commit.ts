/**
 * Many writes, few syncs: writes that wait at the same time become one batch.
 *
 * Owns: who goes into which batch, and who is told what. Does not own: the batch's writing.
 * Invariants: S8 every batch is synced by whoever writes it, and a write is confirmed only with its batch; writes keep the
 * order in which they were handed in; S9 a batch is at most `batchBytesMax` of payload, unless a single write is longer.
 */
export const batchBytesMax: number = 1024 * 1024;

export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

interface Waiting {
  readonly writes: readonly Write[];
  readonly bytes: number;
  resolve(): void;
  reject(thrown: unknown): void;
}

export class GroupCommit {
  readonly #writeBatch: (writes: readonly Write[], bytes: number) => Promise<void>;
  readonly #waiting: Waiting[] = [];
  #scheduled = false;

  /** @param writeBatch makes a batch durable; it may wait for its turn, and more writes join the next batch meanwhile */
  constructor(writeBatch: (writes: readonly Write[], bytes: number) => Promise<void>) {
    this.#writeBatch = writeBatch;
  }

  /** Resolves once these writes are durable; they become so together, and after all that were handed in before. */
  write(writes: readonly Write[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let bytes = 0;
      for (const write of writes) bytes += write.type === 'put' ? write.value.length : 0;
      this.#waiting.push({ writes, bytes, resolve, reject });
      if (!this.#scheduled) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#scheduled = true;
    // Whoever writes in the same turn of the event loop shares the first batch already.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit(this.#takeGroup());
    this.#scheduled = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#writeBatch(
        group.flatMap(({ writes }) => [...writes]),
        group.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      for (const waiting of group) waiting.resolve();
    } catch (thrown) {
      for (const waiting of group) waiting.reject(thrown);
    }
  }

  #takeGroup(): readonly Waiting[] {
    let taken = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (taken > 0 && bytes + waiting.bytes > batchBytesMax) break;
      bytes += waiting.bytes;
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }
}

/** Snapshots of an operator's state, one after the other, that are encoded in steps, fail, or become part of a chain, which is folded. */
import type { FrozenState, OperatorState } from '../../src/state/index.ts';
import { openMemoryStores, SnapshotChain } from '../../src/state/index.ts';
import { epochs, ids, keyGroups, store } from './state-fixture.ts';

export class SnapshotRounds {
  readonly blobs = openMemoryStores().blobs;
  readonly chain = new SnapshotChain({ operator: 'op', owned: [0, keyGroups] });
  readonly #nextId = ids();
  readonly #nextEpoch = epochs();
  #frozen: FrozenState | null = null;
  #chunks: Uint8Array[] = [];

  freeze(state: OperatorState): void {
    this.#frozen = state.freeze(this.#nextEpoch());
    this.#chunks = [];
  }

  /** Ends what is under way. @returns whether it was written */
  async settle(fails: boolean): Promise<boolean> {
    if (this.#frozen === null) return false;
    if (fails) this.fail();
    if (this.#frozen === null) return false;
    while (!this.#frozen.done) this.step(2);
    this.chain.append(await store(this.#chunks, this.blobs, this.#nextId));
    this.#frozen.written();
    this.#frozen = null;
    return true;
  }

  step(entries: number): void {
    if (this.#frozen === null || this.#frozen.done) return;
    const chunk = this.#frozen.step(entries);
    if (chunk !== null) this.#chunks.push(chunk);
  }

  fail(): void {
    this.#frozen?.failed();
    this.#frozen = null;
  }

  /** The process ends. */
  abandon(): void {
    this.#frozen = null;
  }

  async fold(): Promise<void> {
    await this.chain.fold(this.blobs, this.#nextId);
  }
}

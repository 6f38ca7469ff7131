/**
 * One operator, driven by hand as its task would drive it: for `verifyOperator`, and for tests that need more.
 *
 * Owns: the calls in their order, with resumption of `more` and `wait`; what was emitted; snapshots through the real state
 * (frozen, encoded, written, loaded), of one subtask or of several whose key groups have moved.
 */
import { type Batch, packValue, unpackValue } from '../batch/index.ts';
import { type Epoch, epoch, generation, silentLogger } from '../core/index.ts';
import type { DeadRecord, Operator, OperatorContext, Output, RestoredPart, SplitEvent, Step } from '../operators/index.ts';
import type { Barrier } from '../progress/index.ts';
import { type BlobStore, type ChunkRef, chunkRef, loadChunks, OperatorState, SnapshotChain } from '../state/index.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** So that a few entries are objects, and the others at rest. */
const limits = { packedFrom: 3, loadedPackedFrom: 2 };

export type TestItem =
  | { readonly kind: 'rows'; readonly batch: Batch; readonly advances?: boolean; readonly input?: number }
  | { readonly kind: 'first read' }
  | { readonly kind: 'watermark'; readonly watermark: number }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'split'; readonly event: SplitEvent }
  /** Wall time goes on by so much. */
  | { readonly kind: 'clock'; readonly ms: number }
  | { readonly kind: 'barrier'; readonly due?: readonly number[]; readonly last?: 'stop' | 'end' };

/** What can be fed; a barrier gives a snapshot. */
export type FedItem = Exclude<TestItem, { kind: 'barrier' }>;

export interface EmittedRow {
  readonly port: string;
  readonly kind: number;
  readonly stamp: number;
  readonly row: object;
}

/** What one checkpoint holds of one subtask. */
export interface OperatorSnapshot {
  readonly epoch: Epoch;
  readonly owned: readonly [number, number];
  readonly watermark: number;
  readonly value: Uint8Array | null;
  readonly chunks: readonly ChunkRef[];
  readonly splits: ReadonlyMap<string, { readonly state: SplitEvent['state']; readonly value: Uint8Array | null }>;
}

export interface RunOptions {
  readonly make: () => Operator;
  readonly blobs: BlobStore;
  readonly clock: VirtualClock;
  /** As [from, to); all of them unless said. */
  readonly owned?: readonly [number, number];
  readonly guarded?: boolean;
  /** That of the barrier before the run begins, ms (0). */
  readonly epochTime?: number;
  /** Of a source's stage: the splits that are read. */
  readonly splits?: readonly string[];
  /** False: a row that nobody can take is an error. */
  readonly deadLetters?: boolean;
  /** The outbox says every other time that it is full. */
  readonly refuses?: boolean;
}

export const testKeyGroups = 128;

export class OperatorRun {
  readonly emitted: EmittedRow[] = [];
  readonly watermarks: number[] = [];
  /** Rows and what the operator says beside them, as it said them: how many rows, a watermark, or idleness. */
  readonly said: (number | { readonly watermark: number } | { readonly idle: boolean })[] = [];
  readonly dead: DeadRecord[] = [];
  readonly counters = { late: 0, rowsOut: 0, deadLetters: 0, duplicates: 0 };
  readonly operator: Operator;
  readonly #options: RunOptions;
  readonly #state: OperatorState;
  readonly #owned: readonly [number, number];
  readonly #splits = new Map<string, SplitEvent['state']>();
  #chain: SnapshotChain;
  #watermark = -Infinity;
  #wake: () => void = () => undefined;
  #asked = 0;
  #blobs = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#owned = options.owned ?? [0, testKeyGroups];
    this.#state = new OperatorState({ operator: 'op', keyGroups: testKeyGroups, owned: this.#owned, limits });
    this.#chain = new SnapshotChain({ operator: 'op', owned: this.#owned });
    this.operator = options.make();
    this.operator.open?.(this.#context());
  }

  /** A run that goes on from the snapshots of earlier subtasks. */
  static async restored(options: RunOptions, from: readonly OperatorSnapshot[]): Promise<OperatorRun> {
    const run = new OperatorRun(options);
    const [begin, end] = run.#owned;
    const isOurs = ({ owned }: OperatorSnapshot): boolean =>
      run.operator.restoresFromAll === true || (owned[0] < end && owned[1] > begin);
    await run.#restore(from.filter(isOurs));
    return run;
  }

  /** Entries of all tables. */
  get stateRows(): number {
    return this.#state.rows;
  }

  async feed(item: FedItem): Promise<void> {
    switch (item.kind) {
      case 'rows':
        return this.#finish(() =>
          this.operator.process(item.batch, this.#output, (row) => this.#advanceTo(item, row), item.input ?? 0),
        );
      case 'first read':
        return this.#finish(() => this.operator.onFirstRead?.(this.#output) ?? 'done');
      case 'watermark':
        if (item.watermark <= this.#watermark) return;
        this.#watermark = item.watermark;
        return this.#finish(() => this.operator.onWatermark?.(item.watermark, this.#output) ?? 'done');
      case 'idle':
        return this.operator.onIdle?.(item.idle, this.#output);
      case 'clock':
        this.#options.clock.advance(item.ms);
        return this.#tellTime();
      case 'split':
        this.#splits.set(item.event.split, item.event.state);
        this.operator.onSplit?.(item.event, this.#output);
    }
  }

  async #tellTime(): Promise<void> {
    const now = this.#options.clock.now();
    while ((this.operator.dueAt ?? Infinity) <= now)
      await this.#finish(() => this.operator.onTime?.(now, this.#output) ?? 'done');
  }

  async barrier(barrier: Barrier): Promise<OperatorSnapshot> {
    await this.#finish(() => this.operator.onBarrier?.(barrier, this.#output) ?? 'done');
    const value = this.operator.snapshot?.();
    const snapshot = {
      epoch: barrier.epoch,
      owned: this.#owned,
      watermark: this.#watermark,
      value: value === undefined ? null : packValue(value),
      splits: this.#splitSnapshots(),
    };
    this.#chain.append(await this.#freeze(barrier.epoch));
    await this.#chain.fold(this.#options.blobs, () => this.#nextId(barrier.epoch));
    return { ...snapshot, chunks: this.#chain.refs() };
  }

  #advanceTo({ batch, advances }: Extract<TestItem, { kind: 'rows' }>, row: number): number {
    return advances === true ? Math.max(this.#watermark, batch.stamp(row)) : this.#watermark;
  }

  async #finish(call: () => Step): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const step = call();
      if (step === 'done') return;
      if (step === 'wait') await woken;
    }
  }

  async #freeze(at: Epoch): Promise<ChunkRef[]> {
    const frozen = this.#state.freeze(at);
    const refs: ChunkRef[] = [];
    while (!frozen.done) {
      const bytes = frozen.step(3);
      if (bytes === null) continue;
      const id = this.#nextId(at);
      await this.#options.blobs.put(id, bytes);
      refs.push(chunkRef(id, 'delta', bytes));
    }
    frozen.written();
    return refs;
  }

  #nextId(at: Epoch): string {
    return `e${at}/g${this.#owned[0]}/${this.#blobs++}`;
  }

  #splitSnapshots(): OperatorSnapshot['splits'] {
    return new Map(
      [...this.#splits].map(([split, state]) => {
        const value = this.operator.snapshotSplit?.(split);
        return [split, { state, value: value === undefined ? null : packValue(value) }];
      }),
    );
  }

  async #restore(from: readonly OperatorSnapshot[]): Promise<void> {
    const refs = from.flatMap(({ chunks }) => chunks);
    await loadChunks(this.#state, refs, this.#options.blobs);
    this.#chain = new SnapshotChain({ operator: 'op', owned: this.#owned, refs });
    const parts = from
      .filter(({ value }) => value !== null)
      .map(({ owned, value }): RestoredPart => ({ groups: owned, value: unpackValue(value!) }));
    if (parts.length > 0) this.operator.restore?.(parts);
    for (const { splits } of from) {
      for (const [split, { value }] of splits) if (value !== null) this.operator.restoreSplit?.(split, unpackValue(value));
    }
    this.operator.start?.();
    await this.#resume(from);
  }

  /** What the task says first: splits as they are, and the watermark that was reached (T9). */
  async #resume(from: readonly OperatorSnapshot[]): Promise<void> {
    for (const { splits } of from) {
      for (const [split, { state }] of splits) {
        await this.feed({ kind: 'split', event: { split, state: 'active' } });
        if (state !== 'active') await this.feed({ kind: 'split', event: { split, state } });
      }
    }
    const watermark = Math.min(...from.map((snapshot) => snapshot.watermark));
    if (watermark > -Infinity && from.length > 0) await this.feed({ kind: 'watermark', watermark });
  }

  #context(): OperatorContext {
    return {
      operator: 'op',
      subtask: 0,
      parallelism: 1,
      generation: generation(1),
      keyGroups: testKeyGroups,
      ownedGroups: this.#owned,
      clock: this.#options.clock,
      epochTime: this.#options.epochTime ?? 0,
      logger: silentLogger,
      guarded: this.#options.guarded ?? false,
      ...(this.#options.splits === undefined ? {} : { splits: this.#options.splits }),
      table: (name, codec) => this.#state.table(name, codec),
      slots: (name, codec) => this.#state.slots(name, codec),
      log: (name, id) => this.#state.log(name, id),
      ranked: (name, id, order) => this.#state.ranked(name, id, order),
      deadLetter: (record, cause) => {
        if (this.#options.deadLetters === false) throw cause;
        this.dead.push(record);
        this.counters.deadLetters++;
      },
      count: (counter, n) => {
        this.counters[counter] += n;
      },
      wake: () => this.#wake(),
    };
  }

  readonly #output: Output = this.#outbox();

  #outbox(): Output {
    const run = this;
    return {
      emit(batch, port = 'main') {
        run.said.push(batch.length);
        for (let i = 0; i < batch.length; i++)
          run.emitted.push({ port, kind: batch.kind(i), stamp: batch.stamp(i), row: batch.row(i) });
      },
      watermark: (watermark) => {
        run.watermarks.push(watermark);
        run.said.push({ watermark });
      },
      idle: (idle) => void run.said.push({ idle }),
      get full(): boolean {
        return run.#options.refuses === true && run.#asked++ % 2 === 0;
      },
    };
  }
}

/** The barrier of an epoch; `due`: each `every` whose results go out at it. */
export function testBarrier(number: number, due: readonly number[] = [], last?: 'stop' | 'end'): Barrier {
  return { epoch: epoch(number), time: number * 1000, due, ...(last === undefined ? {} : { last }) };
}

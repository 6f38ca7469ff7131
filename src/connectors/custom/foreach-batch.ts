import { asSink, type Sink } from '../../api/index.ts';
import type { Batch } from '../../batch/index.ts';
import { type Epoch, epoch as epochOf, WeirError } from '../../core/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { packBatches, unpackChanges } from '../memory/index.ts';

export interface BatchContext<Row> {
  readonly signal: AbortSignal;
  /**
   * Mode `update`: rows of earlier epochs that are taken back, because a session has grown or has merged into another, or because nothing is left of
   * a group. Remove them before the new rows are stored. Of a session's only window and keys mean anything.
   */
  readonly deleted: readonly Row[];
}
export type BatchFunction<Row> = (rows: readonly Row[], epoch: Epoch, context: BatchContext<Row>) => Promise<void>;

interface Staged {
  readonly epoch: number;
  readonly batches: readonly Uint8Array[];
}

/**
 * Each epoch's rows, once its checkpoint is complete; again with the same epoch and the same rows after a crash.
 * Exactly-once if the function stores the epoch with the rows. All rows of an epoch come in one call; an epoch without
 * rows makes none, but for a complete result that is empty.
 */
export function foreachBatch<Row extends object>(fn: BatchFunction<Row>): Sink<Row> {
  if (typeof fn !== 'function') throw new WeirError('E_PLAN', 'foreachBatch() needs a function');
  return asSink<Row>({
    type: 'sink',
    name: 'foreachBatch',
    guarantee: 'at-least-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'foreachBatch',
    takesBack: true,
    open: async (context) => new BatchFunctionWriter(fn as BatchFunction<object>, context),
  });
}

class BatchFunctionWriter implements SinkWriter {
  readonly #fn: BatchFunction<object>;
  readonly #context: SinkContext;
  #batches: Batch[] = [];

  constructor(fn: BatchFunction<object>, context: SinkContext) {
    this.#fn = fn;
    this.#context = context;
  }

  write(batch: Batch): void {
    this.#batches.push(batch);
  }

  stage(epoch: Epoch, replaced: boolean): Staged | undefined {
    const batches = this.#batches;
    this.#batches = [];
    return batches.length === 0 && !replaced ? undefined : { epoch, batches: packBatches(batches) };
  }

  async commit(_permit: CommitPermit, staged: unknown): Promise<void> {
    const { epoch, batches } = staged as Staged;
    try {
      const { rows, deleted } = unpackChanges(batches);
      await this.#fn(rows, epochOf(epoch), { signal: this.#context.signal, deleted });
    } catch (error) {
      throw WeirError.from(error, 'E_SINK', `foreachBatch(), epoch ${epoch}`);
    }
  }
}

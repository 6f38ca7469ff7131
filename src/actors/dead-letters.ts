/** The way of rows that nobody could take: to the job's dead-letter sink in the same epoch, or, without one, a failure. */
import { BatchBuilder } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { DeadRecord } from '../operators/index.ts';
import { deadLetterSchema } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { ItemTarget } from './chain.ts';

export class DeadLetters {
  readonly #target: ItemTarget | null;
  #epoch: number;

  /**
   * @param target the edge to the dead-letter sink; null = there is none
   * @param epoch the one in which the generation begins
   */
  constructor(target: ItemTarget | null, epoch: number) {
    this.#target = target;
    this.#epoch = epoch;
  }

  /** False while earlier rows wait for credit: no new input is taken. */
  get ready(): boolean {
    return this.#target === null || this.#target.ready;
  }

  /** The barrier has passed every operator of the stage: whatever is set aside from now on belongs to a later epoch. */
  passed(barrier: Barrier): void {
    this.#epoch = barrier.epoch + 1;
    this.#target?.push({ kind: 'barrier', barrier });
  }

  /** @throws WeirError the cause, if the job has nowhere to put the record */
  add(record: DeadRecord, cause: unknown): void {
    if (this.#target === null) throw WeirError.from(cause, 'E_RECORD', record.error);
    const builder = new BatchBuilder(deadLetterSchema);
    builder.append({ ...record, epoch: this.#epoch });
    this.#target.push({ kind: 'batch', batch: builder.build() });
  }
}

/** Of the record itself, in a message. */
const recordBytesMax = 200;

/** Why the job fails that has nowhere to put a record that nobody could read. */
export function recordError(source: string, { error, position, bytes }: DeadRecord): WeirError {
  const begin = new TextDecoder().decode(bytes.subarray(0, recordBytesMax));
  const rest = bytes.length > recordBytesMax ? ` … (${bytes.length} bytes)` : '';
  return new WeirError('E_RECORD', `${source}: ${error} (at ${position}): ${JSON.stringify(begin)}${rest}`);
}

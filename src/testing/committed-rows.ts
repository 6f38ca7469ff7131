/** A sink that keeps what was committed, each epoch once. */
import { type Batch, packValue, unpackValue } from '../batch/index.ts';
import type { SinkDefinition } from '../operators/index.ts';

export class CommittedRows {
  readonly #rows: object[] = [];
  #epoch = 0;

  readonly definition: SinkDefinition = {
    type: 'sink',
    name: 'test run',
    guarantee: 'exactly-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'test run',
    open: async () => {
      let rows: object[] = [];
      return {
        write: (batch: Batch) => {
          for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
        },
        stage: () => {
          const staged = packValue(rows);
          rows = [];
          return staged;
        },
        commit: async ({ epoch }, staged) => {
          if (epoch <= this.#epoch) return;
          this.#epoch = epoch;
          this.#rows.push(...(unpackValue(staged as Uint8Array) as object[]));
        },
      };
    },
  };

  /** Those since the last call. */
  take(): object[] {
    return this.#rows.splice(0);
  }

  /** The sink has lost all that it held, and what it knew of epochs. */
  empty(): void {
    this.#rows.length = 0;
    this.#epoch = 0;
  }
}

/**
 * The sink behind `rows()`: hands committed rows to a loop in the same process.
 *
 * Owns: the queue between the job's commits and the loop. Bounded: a commit resolves once the loop has taken its rows, so
 * a slow loop throttles the job. Invariants: C4 an epoch that was handed over is not handed over again, so that a restart
 * within the loop's life repeats no row.
 */
import { type Batch, decodeBatch, encodeBatch } from '../batch/index.ts';
import type { SinkDefinition, SinkWriter } from '../operators/index.ts';
import type { OutputMode } from '../plan/index.ts';

export interface RowsSink {
  readonly definition: SinkDefinition;
  /** The next rows; null once the sink has ended and all were taken. */
  next(): Promise<readonly object[] | null>;
  /** No more will come. Commits resolve at once from here on. */
  end(): void;
}

interface Handover {
  readonly rows: readonly object[];
  readonly taken: () => void;
}

export function rowsSink(mode: OutputMode): RowsSink {
  const waiting: Handover[] = [];
  let ended = false;
  let committed = 0;
  let wake = (): void => {};

  const hand = (rows: readonly object[]): Promise<void> =>
    new Promise((taken) => {
      waiting.push({ rows, taken });
      wake();
    });
  const writer = (): SinkWriter => {
    let batches: Batch[] = [];
    return {
      write: (batch) => void batches.push(batch),
      stage() {
        const staged = batches.map((batch) => encodeBatch(batch));
        batches = [];
        return staged.length === 0 ? undefined : staged;
      },
      async commit({ epoch }, staged) {
        if (epoch <= committed || ended) return;
        committed = epoch;
        await hand((staged as Uint8Array[]).flatMap(rowsOf));
      },
    };
  };
  const definition: SinkDefinition = {
    type: 'sink',
    name: 'rows()',
    guarantee: 'exactly-once',
    modes: [mode],
    single: true,
    identity: 'rows()',
    open: async () => writer(),
  };

  return {
    definition,
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const handover = waiting.shift();
      handover?.taken();
      return handover?.rows ?? null;
    },
    end() {
      ended = true;
      for (const { taken } of waiting) taken();
      wake();
    },
  };
}

function rowsOf(bytes: Uint8Array): object[] {
  const batch = decodeBatch(bytes);
  return Array.from({ length: batch.length }, (_, i) => batch.row(i));
}

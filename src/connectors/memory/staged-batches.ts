import { type Batch, decodeBatch, encodeBatch } from '../../batch/index.ts';

/** Batches as what a checkpoint can hold, and back as rows. */
export function packBatches(batches: readonly Batch[]): readonly Uint8Array[] {
  return batches.map((batch) => encodeBatch(batch));
}

export function unpackRows(packed: readonly Uint8Array[]): object[] {
  return packed.flatMap((bytes) => {
    const batch = decodeBatch(bytes);
    return Array.from({ length: batch.length }, (_, i) => batch.row(i));
  });
}

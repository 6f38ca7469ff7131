import { type Batch, decodeBatch, encodeBatch, takesBack } from '../../batch/index.ts';

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

/** The same, apart from the rows that take back earlier ones. */
export function unpackChanges(packed: readonly Uint8Array[]): { readonly rows: object[]; readonly deleted: object[] } {
  const rows: object[] = [];
  const deleted: object[] = [];
  for (const batch of packed.map((bytes) => decodeBatch(bytes)))
    for (let i = 0; i < batch.length; i++) (takesBack(batch.kind(i)) ? deleted : rows).push(batch.row(i));
  return { rows, deleted };
}

/** System columns of rows that were made from other rows. */
import type { Batch, SystemColumns } from '../batch/index.ts';

/**
 * What the engine knows of new rows, one for each of `from`.
 *
 * @param from the logical row of `batch` that each new row was made from; ascending, repeats allowed
 */
export function carriedSystem(batch: Batch, from: ArrayLike<number>): SystemColumns {
  const { stamps, kinds, origin, advances, emission } = batch.system;
  if (isIdentity(batch, from)) return batch.system;
  const rows = Int32Array.from(from, (row) => batch.physical(row));
  return {
    ...(stamps === undefined ? {} : { stamps: Float64Array.from(rows, (row) => stamps[row]!) }),
    ...(kinds === undefined ? {} : { kinds: Uint8Array.from(rows, (row) => kinds[row]!) }),
    ...(advances === undefined ? {} : { advances }),
    ...(emission === undefined ? {} : { emission }),
    ...(origin === undefined
      ? {}
      : { origin: { split: origin.split, first: origin.first, records: rows.map((row) => origin.records?.[row] ?? row) } }),
  };
}

function isIdentity(batch: Batch, from: ArrayLike<number>): boolean {
  if (batch.selection !== undefined || from.length !== batch.physicalLength) return false;
  for (let i = 0; i < from.length; i++) if (from[i] !== i) return false;
  return true;
}

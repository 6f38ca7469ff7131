/** What snapshots and restores ask of a table of an operator, of whichever kind it is. */
import type { ByteReader } from '../batch/index.ts';
import type { ChunkBuilder, TableId } from './chunk.ts';
import type { RecordReader } from './state-record.ts';

export interface SnapshotTable extends TableId {
  /** Entries, or rows. */
  readonly size: number;
  /** Takes away what has changed: it is to be encoded as it is now. */
  freeze(): FrozenChanges;
  /** The frozen changes are durable. */
  written(): void;
  /** They are not: they are changes again, older than all that have come since. */
  failed(): void;
  /** What was put, from a snapshot. */
  load(group: number, record: RecordReader): void;
  /** The same as if it were put now. @param read how its value was written, if not as it is today */
  renew(group: number, record: RecordReader, read?: (from: ByteReader) => unknown): void;
  /** All of a snapshot has been loaded; throws `E_STATE_DAMAGED` where something is missing. */
  loaded?(): void;
}

/** The changes of one table up to a barrier, being encoded while the table goes on. */
export interface FrozenChanges {
  readonly table: SnapshotTable;
  /** Turns to one key group. @returns how many changes it has */
  open(group: number): number;
  /** Change `i` of the group that is open, in their order, drops first. One that is nothing any more costs its visit. @returns a chunk that got full */
  encode(i: number, builder: ChunkBuilder): Uint8Array | null;
}

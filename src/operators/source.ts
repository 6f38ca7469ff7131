/**
 * What a source is: splits, each a totally ordered sequence that can be read again from a position.
 *
 * Owns: the contract between connectors and the source task. The task reads ahead a bounded number of pieces per split,
 * and puts into a checkpoint the position after the last piece that it has passed on.
 * Invariants: C1 the same position gives the same records again; C2 every record is in exactly one piece, as a row, as
 * a dead record, or as one that is only counted, since nobody needs its row.
 */
import type { Batch, ColumnPath } from '../batch/index.ts';
import type { Clock, Logger } from '../core/index.ts';
import type { RowFilter, SourceInfo } from '../plan/index.ts';
import type { Journal } from '../state/index.ts';
import type { BrokerAccess } from './broker-access.ts';
import type { DeadRecord } from './operator.ts';

/** A position, as plain msgpack data. */
export type Position = unknown;

/** Rows that a source gives in one piece: so many that rows of one key are often found in one, and that what a piece costs is little. */
export const batchRowsMax = 4096;

export interface SourceContext {
  readonly job: string;
  /** The source's operator id: names its journal. */
  readonly operator: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: Journal;
  /** Has the coordinator do what `assist` of the definition does; undefined: this process may do it by itself. */
  readonly assist?: (request: unknown) => Promise<unknown>;
  /** Rows a piece should have at most ({@link batchRowsMax}). */
  readonly batchRowsMax: number;
  /** The split ends here in this run, at what `endNow` gave; absent: where it ends by itself. */
  readonly until?: unknown;
}

/** What one read gives: rows (perhaps none), records that did not parse, and where to go on. */
export interface Piece {
  readonly batch: Batch | null;
  readonly dead: readonly DeadRecord[];
  /** Records in this piece: rows and dead ones. The batch's origin counts them from the split's start. */
  readonly records: number;
  readonly position: Position;
  /** Strategy `manual`: no row of the split behind this one lies before this time, ms. */
  readonly watermark?: number;
}

export interface SplitReader {
  /** The next piece, or null at the end. Rejects with the signal's reason once the context's signal aborts. */
  read(): Promise<Piece | null>;
  close(): Promise<void>;
}

export interface SourceDefinition extends SourceInfo {
  /** The splits that exist now, by stable name. Called when the job starts, and again at each restore. */
  splits(context: SourceContext): Promise<readonly string[]>;
  /**
   * Reads on from `from` (undefined = the start); `records` = how many records lie before it.
   * @throws WeirError `E_SOURCE_CHANGED` if the input is not the one that `from` was taken of
   */
  open(split: string, from: Position | undefined, records: number, context: SourceContext): Promise<SplitReader>;
  /**
   * The same source, of which only these columns are read, or fields in them: its schema has no others. The records that it refuses, and
   * its positions, are the same. Absent: it reads all.
   *
   * @throws WeirError `E_SCHEMA` for a column that it does not have
   */
  project?(columns: readonly ColumnPath[]): SourceDefinition;
  /**
   * The same source, which may leave out rows that do not meet all of these conditions. The records that it refuses, its positions, and how
   * many records it counts are the same. Absent: it gives all rows.
   */
  filter?(conditions: readonly RowFilter[]): SourceDefinition;
  /**
   * How far a split reaches now, for a run that reads up to there: what `until` of the context is then, as plain msgpack data. Called where
   * the coordinator is, once a run. Absent: reading ends by itself, or the source is `endless`.
   */
  endNow?(split: string, context: SourceContext): Promise<unknown>;
  /** What lies before is in the oldest retained checkpoint and may be released. */
  release?(split: string, before: Position, context: SourceContext): Promise<void>;
  /**
   * Does for a reader in another process what that one's user need not be allowed. Called where the coordinator is; request and
   * answer are plain msgpack data. The request is not to be trusted.
   */
  assist?(request: unknown, context: SourceContext): Promise<unknown>;
  /** What it does on a NATS server. */
  readonly access?: BrokerAccess;
}

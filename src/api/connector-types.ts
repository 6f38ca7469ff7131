/** Sources, sinks and formats as programs see them; connectors exchange the faces for the definitions behind them. */
import type { Epoch } from '../core/index.ts';
import type { Guarantee, OutputMode } from '../plan/index.ts';

declare const sourceBrand: unique symbol;
/** Where rows come from. */
export interface Source<out Row extends object> {
  readonly [sourceBrand]: Row;
  readonly guarantee: Guarantee;
}
declare const sinkBrand: unique symbol;
/** Where rows go, and in which modes. */
export interface Sink<in Row, out Modes extends OutputMode = OutputMode> {
  readonly [sinkBrand]: (row: Row) => Modes;
  readonly guarantee: Guarantee;
}
declare const formatBrand: unique symbol;
/** Between bytes and rows. */
export interface Format<in out Row> {
  readonly [formatBrand]: (row: Row) => Row;
}

/** What a source of one's own is given. */
export interface SourceContext {
  readonly signal: AbortSignal;
}
/** What a sink of one's own is given. */
export interface SinkContext {
  readonly job: string;
  readonly subtask: number;
  readonly generation: number;
  readonly signal: AbortSignal;
}
declare const permitBrand: unique symbol;
/** Proof that checkpoint `epoch` is complete; only the engine makes one. */
export interface CommitPermit {
  readonly [permitBrand]: true;
  readonly epoch: Epoch;
  readonly generation: number;
}
/** A sink of one's own, open. Order of calls: (write*, stage, commit)*, close. */
export interface SinkWriter<Row, Staged> {
  write(rows: readonly Row[]): void | Promise<void>;
  /** At barrier `epoch`: what it returns is kept in that checkpoint. */
  stage(epoch: Epoch): Staged | Promise<Staged>;
  /** Only when the checkpoint is complete, and again after a crash: it must recognise what is already done. */
  commit(permit: CommitPermit, staged: Staged): Promise<void>;
  close?(): Promise<void>;
}

/** A row that no operator could take. */
export interface DeadLetter {
  readonly bytes: Uint8Array;
  readonly error: string;
  readonly operator: string;
  readonly position: string;
  /** In which the record was set aside; written with it, or, if it was aborted, with the next. */
  readonly epoch: number;
}

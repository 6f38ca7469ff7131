/**
 * Runs a stream on a virtual clock that stands still, with real barriers and snapshots, all in memory: what a test of a job sees.
 *
 * Does not own: the run itself (stream-run.ts).
 */
import { type AnyStream, asSink, type Output } from '../api/index.ts';
import { type Duration, durationMs, type Epoch } from '../core/index.ts';
import type { OutputMode } from '../plan/index.ts';
import { CommittedRows } from './committed-rows.ts';
import { StreamRun } from './stream-run.ts';

export interface TestRun<out Row> extends AsyncDisposable {
  /** Runs until nothing is left to do; the rows written since the last call. */
  drain(): Promise<Row[]>;
  /** Moves the clock, firing what falls due on the way. */
  advance(by: Duration): Promise<void>;
  checkpoint(): Promise<Epoch>;
  /** Kills it without warning and restores the last checkpoint. */
  crash(): Promise<void>;
  /** Rows that came too late, so far. */
  readonly late: number;
  /** Rows that `dropDuplicates` has left out, so far. */
  readonly duplicates: number;
}

export interface TestRunOptions<M extends OutputMode> {
  /** `append` unless said. */
  readonly mode?: M;
  /** 1 unless said. */
  readonly parallelism?: number;
}

/**
 * Starts the stream on a virtual clock that stands still.
 *
 * @throws WeirError `E_PLAN` for a stream that cannot run
 */
export async function testRun<Row extends object, M extends OutputMode = 'append'>(
  stream: AnyStream<Row>,
  options: TestRunOptions<M> = {},
): Promise<TestRun<Row>> {
  const rows = new CommittedRows();
  const output = (stream as unknown as { to(sink: unknown, options: unknown): Output }).to(asSink<Row>(rows.definition), {
    mode: options.mode ?? 'append',
  });
  const run = new StreamRun({ output, rows, ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }) });
  await run.start();
  return {
    drain: () => run.drain() as Promise<Row[]>,
    advance: (by) => run.advance(durationMs(by, 'advance')),
    checkpoint: () => run.checkpoint(),
    crash: () => run.crash(),
    get late() {
      return run.late;
    },
    get duplicates() {
      return run.duplicates;
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

/** DStreams on a clock that stands still: a batch for each checkpoint. */
import { type Output, schema, t } from '../../src/api/index.ts';
import { from } from '../../src/connectors/index.ts';
import { BatchInterval } from '../../src/dstream/batch-interval.ts';
import { asDStream, type BatchProgram, BatchStream } from '../../src/dstream/batch-stream.ts';
import { Boxed, boxed } from '../../src/dstream/boxed.ts';
import type { DStream } from '../../src/dstream/index.ts';
import { queueRows } from '../../src/dstream/queue-stream.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import { testRun, type TestRun, testSource } from '../../src/testing/index.ts';

/** A program whose batches last a second. */
export class TestProgram implements BatchProgram {
  readonly interval = new BatchInterval('1 second');
  readonly outputs: Output[] = [];
  printed = '';

  add(output: Output): void {
    this.outputs.push(output);
  }
  async write(text: string): Promise<void> {
    this.printed += text;
  }

  queue<T>(...batches: readonly (readonly T[])[]): DStream<T> {
    return asDStream(new BatchStream(this, queueRows(batches)));
  }

  /** Values that a test pushes. */
  pushed<T>(): { readonly stream: DStream<T>; push(...values: T[]): void } {
    const source = testSource(schema({ value: t.any() }));
    return {
      stream: asDStream(
        new BatchStream(
          this,
          from(source).map(({ value }) => boxed(value), Boxed),
        ),
      ),
      push: (...values) => source.push(...values.map((value) => ({ value }))),
    };
  }

  /** What its one output does with each batch. */
  async run(): Promise<StreamRun> {
    const run = new StreamRun({ output: this.outputs[0]!, rows: new CommittedRows() });
    await run.start();
    return run;
  }
}

export const running = (stream: DStream<unknown>): Promise<TestRun<Boxed>> => testRun((stream as unknown as BatchStream).rows);

export interface BatchesOptions {
  /** It crashes after each so many batches; 0 = never. */
  readonly crashEvery?: number;
}
/** The first batches of a stream, with what a crash between two of them must not change. */
export async function batchesOf<T>(stream: DStream<T>, batches: number, { crashEvery = 0 }: BatchesOptions = {}): Promise<T[][]> {
  await using run = await running(stream);
  const all: T[][] = [];
  while (all.length < batches) {
    all.push((await run.drain()).map(({ value }) => value as T));
    if (crashEvery > 0 && all.length % crashEvery === 0) await run.crash();
  }
  return all;
}

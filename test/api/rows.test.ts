import { describe, expect, test } from 'vitest';
import { type Job, type Launcher, type LaunchOptions, launchable, schema, type Stream, t } from '../../src/api/index.ts';
import { batchOf } from '../../src/batch/index.ts';
import { type Epoch, epoch, generation, silentLogger } from '../../src/core/index.ts';
import type { SinkDefinition, SinkWriter } from '../../src/operators/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import { streamFrom } from './graphs.ts';

const Numbers = schema({ n: t.int });
type Row = { n: number };

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let settle: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle! };
}

/** A runtime whose only operator is the sink, driven by the test. */
class SinkRuntime implements Launcher {
  job: LogicalJob | undefined;
  options: LaunchOptions | undefined;
  stopped = 0;
  readonly #ready = deferred<SinkWriter>();
  readonly #finished = deferred<never>();

  async start(job: LogicalJob, options: LaunchOptions): Promise<Job> {
    this.job = job;
    this.options = options;
    this.#ready.resolve(await this.open());
    const stop = async (): Promise<never> => {
      this.stopped++;
      return undefined as never;
    };
    return {
      name: job.name,
      finished: this.#finished.promise,
      stop,
      checkpoint: stop,
      savepoint: stop,
      progress: stop as never,
      [Symbol.asyncDispose]: stop,
    };
  }

  open(): Promise<SinkWriter> {
    const sink = this.job!.outputs[0]!.sink as SinkDefinition;
    return sink.open({ signal: new AbortController().signal, logger: silentLogger } as never, []);
  }

  /** Writes an epoch and commits it, as often as told. */
  async epoch(number: number, values: readonly number[], commits = 1, writer?: SinkWriter): Promise<void> {
    const to = writer ?? (await this.#ready.promise);
    if (values.length > 0)
      await to.write(
        batchOf(
          { kind: 'columns', fields: [{ name: 'n', type: { kind: 'int64' }, nullable: false }] },
          values.map((n) => ({ n })),
        ),
      );
    const staged = await to.stage(epoch(number) as Epoch, false);
    for (let i = 0; i < commits && staged !== undefined; i++)
      await to.commit({ epoch: epoch(number), generation: generation(1) }, staged);
  }

  finish(error?: Error): void {
    if (error === undefined) this.#finished.resolve(undefined as never);
    else this.#finished.reject(error);
  }
}

const started = (runtime: Launcher): Stream<Row> => launchable(streamFrom(Numbers), runtime);

async function taken(rows: AsyncIterable<Row>): Promise<number[]> {
  const values: number[] = [];
  for await (const { n } of rows) values.push(n);
  return values;
}

describe('rows()', () => {
  test('gives the rows of each epoch as it commits, and ends with the job', async () => {
    const runtime = new SinkRuntime();
    const values = taken(
      started(runtime)
        .map((row) => row)
        .rows(),
    );
    await runtime.epoch(1, [1, 2]);
    await runtime.epoch(2, []);
    await runtime.epoch(3, [3]);
    runtime.finish();
    expect(await values).toEqual([1, 2, 3]);
    expect(runtime.job).toMatchObject({ name: 'rows', outputs: [{ kind: 'sink', mode: 'append' }] });
    expect(runtime.options).toEqual({ ephemeral: true });
  });

  test('C4: gives an epoch once, however often it is committed, and by whichever writer', async () => {
    const runtime = new SinkRuntime();
    const values = taken(started(runtime).rows());
    await runtime.epoch(1, [1, 2], 3);
    await runtime.epoch(1, [1, 2], 1, await runtime.open());
    await runtime.epoch(2, [3]);
    runtime.finish();
    expect(await values).toEqual([1, 2, 3]);
  });

  test('gives the rows before a failure, and then throws it', async () => {
    const runtime = new SinkRuntime();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { n } of started(runtime).rows()) seen.push(n);
    })();
    await runtime.epoch(1, [1]);
    runtime.finish(new Error('the disk is full'));
    await expect(reading).rejects.toThrow('the disk is full');
    expect(seen).toEqual([1]);
  });

  test('stops the job when the loop is left, and holds no commit back after that', async () => {
    const runtime = new SinkRuntime();
    const leaving = (async () => {
      for await (const { n } of started(runtime).rows()) return n;
      return undefined;
    })();
    const first = runtime.epoch(1, [7, 8]);
    expect(await leaving).toBe(7);
    await first;
    await runtime.epoch(2, [9]);
    expect(runtime.stopped).toBe(1);
  });

  test('holds a commit back until the loop has taken its rows', async () => {
    const runtime = new SinkRuntime();
    const iterator = started(runtime).rows()[Symbol.asyncIterator]();
    const first = iterator.next();
    await runtime.epoch(1, [1]);
    expect((await first).value).toEqual({ n: 1 });
    let committed = false;
    const second = runtime.epoch(2, [2]).then(() => (committed = true));
    await Promise.resolve();
    expect(committed).toBe(false);
    expect((await iterator.next()).value).toEqual({ n: 2 });
    await second;
    await iterator.return?.();
  });

  test('keeps state where it is told to', async () => {
    const runtime = new SinkRuntime();
    const signal = new AbortController().signal;
    const values = taken(started(runtime).rows({ stateDir: 'somewhere', signal, transport: 'memory' }));
    await runtime.epoch(1, [1]);
    runtime.finish();
    await values;
    expect(runtime.options).toEqual({ ephemeral: false, stateDir: 'somewhere', signal, transport: 'memory' });
  });

  test('is refused for a stream that nobody can start', () => {
    expect(() => streamFrom(Numbers).rows()).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  });
});

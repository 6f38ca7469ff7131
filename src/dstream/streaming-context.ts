/**
 * A program of DStreams: what it reads, what it does with each batch, and its run.
 *
 * Owns: from the first stream to the end of the run. Does not own: running (src/runtime), what a batch is (batch-stream.ts).
 * A context runs once, as Spark's: it is built, started, stopped.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logicalJob, type Output, pipeline, type RunOptions } from '../api/index.ts';
import { from, socket, text, writeOut } from '../connectors/index.ts';
import { type Duration, runTrigger, silentLogger, sleep, WeirError } from '../core/index.ts';
import { onceItRuns, realClock, type RunningJob, startJob } from '../runtime/index.ts';
import { BatchInterval } from './batch-interval.ts';
import { asDStream, type BatchProgram, BatchStream } from './batch-stream.ts';
import { boxed, Boxed } from './boxed.ts';
import type { DStream } from './dstream.ts';
import { queueRows } from './queue-stream.ts';

/** Within 10 minutes; as often as Spark tries a task again. */
const restartsMax = 3;
/** How long a job is waited for that ends as by a crash: a function of the user's may never return. */
const killMs = 1000;

export interface ContextOptions extends RunOptions {
  /** The program's identity, 1 to 64 of `[A-Za-z0-9_-]`: its state carries it (`dstream`). */
  readonly appName?: string;
}

/**
 * @example
 * const ssc = new StreamingContext('2 seconds', { appName: 'WordCountStreaming' });
 * ssc.socketTextStream('localhost', 9999).flatMap((line) => line.split(' ')).countByValue().print();
 * await ssc.start();
 * await ssc.awaitTermination();
 */
export class StreamingContext {
  readonly #program: BatchProgram;
  readonly #batchInterval: Duration;
  readonly #options: ContextOptions;
  readonly #outputs: Output[] = [];
  #directory: string | undefined;
  #starting: Promise<RunningJob> | undefined;
  #over = false;
  /** The job then says that it was ended as by a crash, which it was. */
  #isKilled = false;
  readonly #terminated: Promise<void>;
  #terminate: () => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #forget: () => Promise<void> = async () => {};

  /**
   * @param batchInterval what arrives within it is a batch
   * @param options `stateDir` is the same as `checkpoint()`; `transport` may only be this process
   * @throws WeirError `E_PLAN` for an interval that is none; `E_USAGE` for a `trigger`, or another transport
   */
  constructor(batchInterval: Duration, options: ContextOptions = {}) {
    this.#program = {
      interval: new BatchInterval(batchInterval),
      add: (output) => void this.#outputs.push(output),
      write: (shown) => writeOut(shown, realClock),
    };
    this.#batchInterval = batchInterval;
    checkOptions(options);
    this.#options = options;
    this.#directory = options.stateDir;
    this.#terminated = new Promise((resolve, reject) => {
      this.#terminate = resolve;
      this.#fail = reject;
    });
    this.#terminated.catch(() => {}); // whoever awaits termination sees it
  }

  /** Lines of a TCP connection. It waits for its server, and connects again when that has gone. */
  socketTextStream(host: string, port: number): DStream<string> {
    const lines = from(socket.source({ host, port, format: text() })).map(({ value }) => boxed(value), Boxed);
    return asDStream(new BatchStream(this.#program, lines));
  }

  /** One element of the queue each batch, then empty ones. Elements may be added to it while it runs. */
  queueStream<T>(batches: readonly (readonly T[])[]): DStream<T> {
    if (!Array.isArray(batches)) throw new WeirError('E_PLAN', 'queueStream(): it takes an array of batches, which are arrays');
    return asDStream(new BatchStream(this.#program, queueRows(batches)));
  }

  /**
   * Keeps the program's state in this directory: started again it goes on from there, exactly once in its state. Without it a program begins anew.
   *
   * @throws WeirError `E_USAGE` once it was started
   */
  checkpoint(directory: string): void {
    this.#requireUnstarted('checkpoint()');
    this.#directory = directory;
  }

  /**
   * Resolves once the program runs, in this process.
   *
   * @throws WeirError `E_USAGE` if it was started before; `E_PLAN` if it does nothing with its batches, and as `start` of `weir`
   */
  async start(): Promise<void> {
    this.#requireUnstarted('start()');
    this.#starting = this.#started();
    await this.#starting;
  }

  /** Resolves when the program was stopped; rejects with the WeirError that it failed with. */
  awaitTermination(): Promise<void> {
    return this.#terminated;
  }

  /**
   * Ends the program at once, as a crash would: what has arrived since the last batch is not computed, and with a checkpoint directory the next start goes on with it.
   * `graceful`: what has arrived is the last batch.
   */
  async stop({ graceful = false }: { readonly graceful?: boolean } = {}): Promise<void> {
    this.#over = true;
    const running = await this.#starting?.catch(() => undefined); // `start` has said it
    if (running === undefined) this.#terminate();
    else if (graceful) await this.#finish(running);
    else await this.#end(running);
    await this.#terminated;
  }

  async #finish(running: RunningJob): Promise<void> {
    await onceItRuns(running, this.#terminated);
    running.stop().catch(() => {}); // termination says it
  }

  async #end(running: RunningJob): Promise<void> {
    this.#isKilled = true;
    await Promise.race([running.kill(), sleep(realClock, killMs)]);
    await this.#forget();
    this.#terminate();
  }

  async #started(): Promise<RunningJob> {
    const { appName: name = 'dstream', fromSavepoint, signal } = this.#options;
    if (this.#outputs.length === 0)
      throw new WeirError('E_PLAN', 'start(): nothing is done with any batch', {
        hint: 'call print() or foreachRDD() on a stream',
      });
    signal?.throwIfAborted();
    const job = logicalJob(
      pipeline({ name, outputs: this.#outputs, checkpointEvery: this.#batchInterval, restart: { attempts: restartsMax } }),
    );
    const stateDir = this.#directory ?? (await this.#temporary());
    try {
      const running = await startJob(job, {
        stateDir,
        logger: silentLogger,
        trigger: runTrigger({ every: this.#batchInterval }),
        ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
      });
      this.#follow(running);
      const abort = (): void => void this.stop({ graceful: true }).catch(() => {}); // termination says it
      signal?.addEventListener('abort', abort, { once: true });
      this.#terminated.finally(() => signal?.removeEventListener('abort', abort)).catch(() => {});
      return running;
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  #follow({ finished }: RunningJob): void {
    finished.then(
      async () => {
        await this.#forget();
        this.#terminate();
      },
      async (error: unknown) => {
        if (this.#isKilled) return;
        await this.#forget();
        this.#fail(error);
      },
    );
  }

  /** A directory for a program whose state is not kept. */
  async #temporary(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'weir-'));
    this.#forget = () => rm(directory, { recursive: true, force: true });
    return directory;
  }

  #requireUnstarted(verb: string): void {
    if (this.#starting === undefined && !this.#over) return;
    throw new WeirError('E_USAGE', `${verb}: this StreamingContext was ${this.#over ? 'stopped' : 'started'} already`, {
      hint: 'build all of a program before start(), and make another context for another run',
    });
  }
}

function checkOptions({ trigger, transport = 'auto' }: ContextOptions): void {
  if (trigger !== undefined)
    throw new WeirError('E_USAGE', 'StreamingContext: a `trigger` is not for it: it has an epoch each batch interval', {
      hint: 'leave it out; for runs that end with what is there use start() of weir',
    });
  if (transport !== 'auto' && transport !== 'memory')
    throw new WeirError('E_USAGE', `StreamingContext: it runs in this process, and not on the transport '${transport}'`, {
      hint: 'leave it out; for threads or several processes write the job as a pipeline: closures do not travel',
    });
}

/**
 * Runs a stream on a virtual clock that stands still, with real barriers and snapshots, all in memory.
 *
 * Owns: one cluster at a time, and the memory "disk" that outlives its crashes. Every batch goes through the wire codec, as it
 * would between processes. Invariants: TR1 a row is given by one `drain` only, also across crashes.
 */
import { type AnyStream, type Output, outputNode, pipeline, asSink, logicalJob } from '../api/index.ts';
import { type Batch, packValue, unpackValue } from '../batch/index.ts';
import { type ClusterEnvironment, type RunningJob, startCluster } from '../cluster/index.ts';
import { type Duration, durationMs, type Epoch, epoch as toEpoch, seededRandom, silentLogger } from '../core/index.ts';
import type { SinkDefinition } from '../operators/index.ts';
import { type LogicalNode, type OutputMode, planJob, type SinkNode } from '../plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../state/index.ts';
import { MemoryTransport } from '../transport/index.ts';
import { type TestLog, testLogOf } from './test-source.ts';
import { VirtualClock } from './virtual-clock.ts';

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
  const run = new StreamRun<Row>(stream, options);
  await run.start();
  return run;
}

/** A checkpoint happens when a test asks for one, not by itself. */
const neverMs = 2 ** 40;

class StreamRun<Row extends object> implements TestRun<Row> {
  readonly #disk = new MemoryDisk();
  readonly #clock = new VirtualClock();
  readonly #rows = new CommittedRows();
  readonly #output: Output;
  readonly #parallelism: number;
  readonly #logs: readonly TestLog[];
  #deferred = 0;
  #job: RunningJob | null = null;

  constructor(stream: AnyStream<Row>, options: TestRunOptions<OutputMode>) {
    const sink = asSink<Row>(this.#rows.definition);
    const to = (stream as unknown as { to(sink: unknown, options: unknown): Output }).to(sink, {
      mode: options.mode ?? 'append',
    });
    this.#output = to;
    this.#parallelism = options.parallelism ?? 1;
    this.#logs = testLogs(outputNode(to));
  }

  async start(): Promise<void> {
    const plan = planJob(
      logicalJob(pipeline({ name: 'test', outputs: [this.#output], restart: { attempts: 0 } })),
      this.#parallelism,
    );
    this.#job = await startCluster(plan, this.#environment(), { checkpointIntervalMs: neverMs });
    await this.#until(() => this.#over() || this.#job!.status().state === 'running');
  }

  async drain(): Promise<Row[]> {
    await this.#quiet();
    if (!this.#over()) await this.checkpoint();
    await this.#failIfFailed();
    return this.#rows.take() as Row[];
  }

  async advance(by: Duration): Promise<void> {
    await this.#quiet();
    this.#clock.advance(durationMs(by, 'advance'));
    await this.#quiet();
  }

  async checkpoint(): Promise<Epoch> {
    await this.#quiet();
    const taken = this.#job!.checkpoint();
    taken.catch(() => undefined); // awaited below, once it is settled
    let settled = false;
    void taken.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    await this.#until(() => settled || this.#over());
    await this.#failIfFailed();
    return toEpoch(this.#over() ? this.#job!.status().report.epoch : await taken);
  }

  async crash(): Promise<void> {
    await this.#job!.kill();
    this.#deferred = 0;
    await this.start();
  }

  get late(): number {
    return this.#job?.status().totals.rowsLate ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#job?.kill();
  }

  // ── waiting: no time passes, only turns of the event loop

  #over(): boolean {
    const { state } = this.#job!.status();
    return state === 'finished' || state === 'stopped' || state === 'failed';
  }

  async #failIfFailed(): Promise<void> {
    if (this.#job!.status().state === 'failed') await this.#job!.finished;
  }

  /** Everything pushed was read, and nobody has anything left to do. */
  async #quiet(): Promise<void> {
    let quietTurns = 0;
    await this.#until(() => {
      if (this.#over()) return true;
      quietTurns = this.#deferred === 0 && this.#logs.every((log) => log.drained) ? quietTurns + 1 : 0;
      return quietTurns > 3;
    });
    await this.#failIfFailed();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#clock.due) this.#clock.advance(0);
      await turn();
    }
  }

  #environment(): ClusterEnvironment {
    const generationTransport = new Map<number, MemoryTransport>();
    return {
      clock: this.#clock,
      random: seededRandom(1),
      logger: silentLogger,
      defer: (run) => {
        this.#deferred++;
        setImmediate(() => {
          this.#deferred--;
          run();
        });
      },
      stores: openMemoryStores(this.#disk),
      transport: (generation) => {
        const transport = generationTransport.get(generation) ?? new MemoryTransport({ codec: true });
        generationTransport.set(generation, transport);
        return transport;
      },
      epochBytesMax: 16 << 20,
    };
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Keeps what was committed, each epoch once. */
class CommittedRows {
  readonly #rows: object[] = [];
  #epoch = 0;

  readonly definition: SinkDefinition = {
    type: 'sink',
    name: 'test run',
    guarantee: 'exactly-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'test run',
    open: async () => {
      let rows: object[] = [];
      return {
        write: (batch: Batch) => {
          for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
        },
        stage: () => {
          const staged = packValue(rows);
          rows = [];
          return staged;
        },
        commit: async ({ epoch }, staged) => {
          if (epoch <= this.#epoch) return;
          this.#epoch = epoch;
          this.#rows.push(...(unpackValue(staged as Uint8Array) as object[]));
        },
      };
    },
  };

  take(): object[] {
    return this.#rows.splice(0);
  }
}

function testLogs(output: SinkNode): readonly TestLog[] {
  const logs = new Set<TestLog>();
  const visit = (node: LogicalNode): void => {
    if (node.kind === 'source') {
      const log = testLogOf(node.source);
      if (log !== undefined) logs.add(log);
    } else if (node.kind === 'union') node.inputs.forEach(visit);
    else visit(node.input);
  };
  visit(output);
  return [...logs];
}

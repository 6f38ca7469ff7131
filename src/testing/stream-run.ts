/**
 * One job on a virtual clock that stands still, with real barriers and snapshots, all in memory.
 *
 * Owns: one cluster at a time, and the memory "disk" that outlives its crashes. Every batch goes through the wire codec, as it
 * would between processes. Invariants: TR1 a row is given by one `drain` only, also across crashes.
 */
import { logicalJob, type Output, outputNode, pipeline } from '../api/index.ts';
import { type ClusterEnvironment, type JobStatus, type RunningJob, startCluster, type Why } from '../cluster/index.ts';
import { type Epoch, epoch as toEpoch, seededRandom, silentLogger } from '../core/index.ts';
import { inputsOf, type LogicalJob, type LogicalNode, planJob, type SinkNode } from '../plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../state/index.ts';
import { MemoryTransport } from '../transport/index.ts';
import type { CommittedRows } from './committed-rows.ts';
import { type TestLog, testLogOf } from './test-source.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface StreamRunOptions {
  readonly output: Output;
  /** Where the output goes. */
  readonly rows: CommittedRows;
  /** 1 unless said. */
  readonly parallelism?: number;
  /** One that begins in 2000 unless said. */
  readonly clock?: VirtualClock;
  /** Changes the job before it is planned. */
  readonly rewrite?: (job: LogicalJob) => LogicalJob;
}

/** A checkpoint happens when a test asks for one, not by itself. */
const neverMs = 2 ** 40;

export class StreamRun implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly #options: StreamRunOptions;
  readonly #logs: readonly TestLog[];
  #disk = new MemoryDisk();
  #parallelism: number;
  /** Of the present life: those before it may still have some. */
  #deferred = { count: 0 };
  #job: RunningJob | null = null;

  constructor(options: StreamRunOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock();
    this.#parallelism = options.parallelism ?? 1;
    this.#logs = testLogs(outputNode(options.output));
  }

  /** From the last checkpoint, if there is one. @param parallelism from now on */
  async start(parallelism: number = this.#parallelism): Promise<void> {
    this.#parallelism = parallelism;
    const { output, rewrite } = this.#options;
    const job = logicalJob(pipeline({ name: 'test', outputs: [output], restart: { attempts: 0 } }));
    const plan = planJob(rewrite === undefined ? job : rewrite(job), parallelism);
    this.#job = await startCluster(plan, this.#environment(), { checkpointIntervalMs: neverMs });
    await this.#until(() => this.#over() || this.#job!.status().state === 'running');
  }

  async drain(): Promise<object[]> {
    await this.settle();
    if (!this.#over()) await this.checkpoint();
    await this.#failIfFailed();
    return this.#options.rows.take();
  }

  async advance(ms: number): Promise<void> {
    await this.settle();
    // One after the other: what a timer makes happen sees the time at which it was due, and may set others.
    const end = this.clock.monotonic() + ms;
    for (let next = this.clock.next; next !== undefined; next = this.clock.next) {
      if (this.clock.monotonic() + next > end) break;
      this.clock.advance(next);
      await this.settle();
    }
    this.clock.advance(end - this.clock.monotonic());
    await this.settle();
  }

  async checkpoint(): Promise<Epoch> {
    await this.settle();
    const taken = this.#job!.checkpoint();
    await this.#settled(taken);
    await this.#failIfFailed();
    return toEpoch(this.#over() ? this.#job!.status().report.epoch : await taken);
  }

  /** @param parallelism from now on */
  async crash(parallelism?: number): Promise<void> {
    await this.kill();
    await this.start(parallelism);
  }

  /** Ends without warning. */
  async kill(): Promise<void> {
    await this.#job?.kill();
  }

  /** Ends with a last checkpoint; what is open stays open. */
  async stop(): Promise<void> {
    await this.settle();
    await this.#settled(this.#job!.stop());
    await this.#failIfFailed();
  }

  /** Everything pushed was read, but for what waits for others (`align`), and nobody has anything left to do. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    await this.#until(() => {
      if (this.#over()) return true;
      const isRead = (): boolean => this.#logs.every((log) => log.drained) || this.#someWait();
      quietTurns = this.#deferred.count === 0 && isRead() ? quietTurns + 1 : 0;
      return quietTurns > 3;
    });
    await this.#failIfFailed();
  }

  get late(): number {
    return this.#job?.status().totals.rowsLate ?? 0;
  }

  get duplicates(): number {
    return this.#job?.status().totals.duplicates ?? 0;
  }

  get status(): JobStatus {
    return this.#job!.status();
  }

  why(operator?: string, key?: string): Promise<Why> {
    return this.#job!.why(operator, key);
  }

  /** What the disk holds now. */
  copyOfDisk(): MemoryDisk {
    return this.#disk.copy();
  }

  /** Before a start: the disk is this one. */
  putDisk(disk: MemoryDisk): void {
    this.#disk = disk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  // ── waiting: no time passes, only turns of the event loop

  #over(): boolean {
    const { state } = this.#job!.status();
    return state === 'finished' || state === 'stopped' || state === 'failed';
  }

  #someWait(): boolean {
    return this.#job!.status().subtasks.some(({ splits }) => splits.some(({ alignment }) => alignment?.paused === true));
  }

  async #failIfFailed(): Promise<void> {
    if (this.#job!.status().state === 'failed') await this.#job!.finished;
  }

  /** It is settled, or the job is over. */
  async #settled(pending: Promise<unknown>): Promise<void> {
    let settled = false;
    const settle = (): void => void (settled = true);
    pending.then(settle, settle); // whoever needs the outcome awaits it
    await this.#until(() => settled || this.#over());
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.clock.due) this.clock.advance(0);
      await turn();
    }
  }

  #environment(): ClusterEnvironment {
    const deferred = (this.#deferred = { count: 0 });
    const generationTransport = new Map<number, MemoryTransport>();
    return {
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      defer: (run) => {
        deferred.count++;
        setImmediate(() => {
          deferred.count--;
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

function testLogs(output: SinkNode): readonly TestLog[] {
  const logs = new Set<TestLog>();
  const visit = (node: LogicalNode): void => {
    if (node.kind === 'source') {
      const log = testLogOf(node.source);
      if (log !== undefined) logs.add(log);
    }
    inputsOf(node).forEach(visit);
  };
  visit(output);
  return [...logs];
}

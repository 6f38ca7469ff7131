/**
 * One case's query, running: production's engine in this process, with stores in memory and a clock that is moved by hand.
 *
 * Owns: batches. One is rows of all inputs under a watermark that stands still, a checkpoint, the watermark raised, and another
 * checkpoint. Does not own: what the steps of a script mean (script.ts).
 */
import { type AnyStream, asSink, type Output } from '../../src/api/index.ts';
import { from, type Stream } from '../../src/index.ts';
import type { OutputMode } from '../../src/plan/index.ts';
import type { MemoryDisk } from '../../src/state/index.ts';
import { CommittedRows } from '../../src/testing/committed-rows.ts';
import { testSource, type TestSource } from '../../src/testing/index.ts';
import { StreamRun } from '../../src/testing/stream-run.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type Case, inputNames } from './case.ts';
import { HeldTime } from './held-time.ts';
import { difference, objectOf, schemaOf, valuesOf } from './values.ts';

/** What a definitions file exports of each case. */
export type Definition = (inputs: Readonly<Record<string, Stream<any>>>) => AnyStream | Defined;
export interface Defined {
  readonly stream: AnyStream;
  /** The case's unless said. */
  readonly mode?: OutputMode;
  /** Of a table in mode `update`: the columns by which a row replaces another; the aggregation's keys unless said. */
  readonly key?: readonly string[];
}

/** How a case is lived. */
export interface Way {
  readonly parallelism: number;
  /** Killed and restored in the middle of each batch, and between two, each time at another of these parallelisms. */
  readonly killedAt?: readonly number[];
}

export type Rows = ReadonlyMap<string, readonly (readonly unknown[])[]>;
export interface BatchOptions {
  /** The clock stands so much later when the rows come (0). */
  readonly afterMs?: number;
  /** Close what the batch's times close (true); otherwise the next batch does. */
  readonly flush?: boolean;
}

/** What is kept of a batch, so that it can be run again. */
interface BeforeCommit {
  readonly disk: MemoryDisk;
  readonly rows: readonly object[];
}

export class Query {
  readonly mode: OutputMode;
  readonly time = new HeldTime();
  readonly #case: Case;
  readonly #way: Way;
  readonly #names: ReadonlyMap<string, string>;
  readonly #inputs: ReadonlyMap<string, TestSource<unknown, object>>;
  readonly #rows = new CommittedRows();
  readonly #run: StreamRun;
  #kills = 0;
  #raisedTo = -Infinity;
  #beforeCommit: BeforeCommit | undefined;
  #lost: BeforeCommit | undefined;
  #lastBatch: readonly object[] = [];
  #fresh: object[] = [];
  #all: object[] = [];
  /** Rows of a batch that ran again: a sink may hold them once more, or not. */
  #again: readonly object[] = [];

  constructor(of: Case, define: Definition, way: Way) {
    this.#case = of;
    this.#way = way;
    this.#names = inputNames(of);
    this.#inputs = new Map(
      of.inputs.map((input) => [input.name, testSource(schemaOf(input, of)) as TestSource<unknown, object>]),
    );
    const streams = Object.fromEntries([...this.#inputs].map(([name, source]) => [name, from(source) as Stream<any>]));
    const defined = define(streams);
    const { stream, mode = of.outputMode } = 'stream' in defined ? defined : { stream: defined };
    this.mode = mode;
    const output = (stream as unknown as { to(sink: unknown, options: unknown): Output }).to(asSink(this.#rows.definition), {
      mode,
    });
    this.#run = new StreamRun({
      output,
      rows: this.#rows,
      parallelism: way.parallelism,
      clock: new VirtualClock(0),
      rewrite: (job) => this.time.hold(job),
    });
  }

  async start(): Promise<void> {
    await this.#run.start();
    if (this.time.isAny) this.#raise();
  }

  /** With a last checkpoint; what is open stays open. */
  async stop(): Promise<void> {
    await this.#run.stop();
    const rows = this.#rows.take();
    if (this.mode !== 'complete') this.#emitted(rows);
  }

  /** From the last checkpoint. How far each input had come is forgotten, as it is in Spark; the watermark is not. */
  async startAgain(): Promise<void> {
    await this.#run.kill();
    this.time.forget();
    await this.#run.start();
  }

  async batch(rows: Rows, { afterMs = 0, flush = true }: BatchOptions = {}): Promise<void> {
    if (this.#raisedTo < this.time.watermark && this.time.isAny) this.#raise();
    this.time.begin();
    // What the clock makes due comes after the rows, as in a batch that begins when the clock stands there.
    if (afterMs > 0) {
      await this.#run.settle();
      this.#run.clock.jump(afterMs);
      // A batch's time is that at which it begins: the epoch of its rows begins there.
      const rows = await this.#run.drain();
      if (this.mode !== 'complete') this.#emitted(rows);
    }
    for (const [name, list] of rows) this.#push(name, list);
    await this.#run.settle();
    if (afterMs > 0) {
      this.#run.clock.release();
      await this.#run.settle();
    } else {
      // Its rows come again.
      if (this.#way.killedAt !== undefined) this.time.begin();
      await this.#killed();
    }
    await this.#commit(flush);
  }

  /** Of a batch that failed, or whose commit was lost: its rows are read again, and give again what they gave. */
  async rerun(): Promise<void> {
    const lost = this.#lost;
    this.#lost = undefined;
    // What the checkpoint had published came again as the query was started: it is no part of the batch.
    if (lost !== undefined && this.mode !== 'complete') this.#rows.take();
    this.time.begin();
    await this.#commit(true);
    if (lost === undefined) return;
    const differs = difference(this.#lastBatch, lost.rows, false);
    if (differs !== undefined) throw new Error(`the last batch gave other rows when it ran again: ${differs}`);
    this.#fresh = [];
    this.#all = [];
    this.#again = this.#lastBatch;
  }

  /** The last batch's commit is lost, and the sink is empty. The query must be started again. */
  async loseLastCommit(): Promise<void> {
    if (this.#beforeCommit === undefined) throw new Error('no batch has run whose commit could be lost');
    this.#lost = this.#beforeCommit;
    await this.#run.kill();
    this.#run.putDisk(this.#lost.disk);
    this.#rows.empty();
  }

  /** While it is stopped. */
  moveClock(ms: number): void {
    this.#run.clock.advance(ms);
  }

  async kill(): Promise<void> {
    await this.#run.kill();
  }

  // ── what came out, each row by the names of the expected ones

  get lastBatch(): readonly object[] {
    return this.#lastBatch;
  }

  /** Since `seen`; in mode complete the table. */
  get fresh(): readonly object[] {
    return this.mode === 'complete' ? this.#lastBatch : this.#fresh;
  }

  get all(): readonly object[] {
    return this.mode === 'complete' ? this.#lastBatch : this.#all;
  }

  get again(): readonly object[] {
    return this.#again;
  }

  seen(): void {
    this.#fresh = [];
  }

  get late(): number {
    return this.#run.late;
  }

  get duplicates(): number {
    return this.#run.duplicates;
  }

  /** What the job itself says: the least watermark of its splits; null where there is none. */
  get watermark(): number | null {
    const splits = this.#run.status.subtasks.flatMap((subtask) => subtask.splits);
    const known = splits.map(({ watermark }) => watermark).filter((watermark) => watermark !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  values(rows: readonly object[]): readonly (readonly unknown[])[] {
    return rows.map((row) => valuesOf(row, this.#case.output));
  }

  // ── a batch

  #push(name: string, rows: readonly (readonly unknown[])[]): void {
    const input = this.#case.inputs.find((each) => each.name === this.#names.get(name))!;
    this.#inputs.get(input.name)!.push(...rows.map((row) => objectOf(input, row)));
  }

  async #commit(flush: boolean): Promise<void> {
    await this.#run.settle();
    // The table counts that comes with the batch's own epoch: a restart publishes one too.
    if (this.mode === 'complete') this.#rows.take();
    const disk = this.#run.copyOfDisk();
    let rows: readonly object[] = await this.#run.drain();
    await this.#killed();
    if (this.time.advance() && flush) {
      this.#raise();
      await this.#run.settle();
      await this.#killed();
      const closed = await this.#run.drain();
      rows = this.mode === 'complete' ? closed : [...rows, ...closed];
      await this.#killed();
    }
    this.#beforeCommit = { disk, rows };
    this.#lastBatch = rows;
    this.#again = [];
    this.#emitted(rows);
  }

  #emitted(rows: readonly object[]): void {
    this.#fresh.push(...rows);
    this.#all.push(...rows);
  }

  #raise(): void {
    this.#raisedTo = this.time.watermark;
    for (const source of this.#inputs.values()) source.watermark(this.#raisedTo);
  }

  async #killed(): Promise<void> {
    const { killedAt } = this.#way;
    if (killedAt === undefined) return;
    await this.#run.crash(killedAt[this.#kills++ % killedAt.length]!);
    await this.#run.settle();
  }
}

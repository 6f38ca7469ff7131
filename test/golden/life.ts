/**
 * One life of a job: random pieces, random turns, checkpoints, aborted epochs, faults, crashes, other parallelisms; unless another
 * ground is given, in memory, on a clock that moves only with the turns. There everything follows from one seed.
 */
import { asSink, outputNode } from '../../src/api/index.ts';
import { type ClusterEnvironment, type RunningJob, startCluster } from '../../src/cluster/index.ts';
import { type Random, type Sabotage, seededRandom, silentLogger } from '../../src/core/index.ts';
import type { SinkDefinition } from '../../src/operators/index.ts';
import { type LogicalJob, type OutputMode, type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport } from '../../src/transport/index.ts';
import { RoughStores } from './rough-stores.ts';
import { turn } from './split-source.ts';
import { newestCheckpointOn, type World } from './world.ts';

export interface LifeOptions {
  readonly outputs: LogicalJob['outputs'];
  readonly world: World;
  readonly random: Random;
  readonly crashes: number;
  /** Of each life, in turn. */
  readonly parallelisms: readonly number[];
  /** 10 unless said. */
  readonly checkpointEveryMs?: number;
  readonly slow?: boolean;
  /** Should this call of a store or sink fail? */
  readonly failing?: () => boolean;
  readonly sabotage?: Sabotage;
  /** A generation may end though nothing has failed: with an epoch that was given up. */
  readonly restarts?: boolean;
  /** In memory unless said. */
  readonly ground?: Ground;
}

/** Where a job lives: what outlives its crashes, how its parts reach each other, and how time goes by. */
export interface Ground {
  /** Loses workers by itself, so that a job has to restart. */
  readonly isUnsteady: boolean;
  /** Starts the next life on what the earlier ones left, with stores as they are in this one. */
  start(plan: () => PhysicalPlan, stores: RoughStores, sabotage?: Sabotage): Promise<RunningJob>;
  /** Lets a little time go by. */
  pass(): Promise<void>;
  /** What a source waits for, a few times for each piece. */
  pause(): Promise<void>;
}
export interface LifeReport {
  readonly crashes: number;
  readonly restores: number;
  readonly aborted: number;
  /** Restarts within a process, after a fault. */
  readonly restarts: number;
  readonly parallelisms: ReadonlySet<number>;
}

/** Lives until the job has finished. */
export async function live(options: LifeOptions): Promise<LifeReport> {
  const { random, parallelisms } = options;
  const ground = options.ground ?? new MemoryGround(options);
  options.world.pause = () => ground.pause();
  const seen = new Set<number>();
  const report = { crashes: 0, restores: 0, aborted: 0, restarts: 0, parallelisms: seen };
  for (;;) {
    const parallelism = parallelisms[report.crashes % parallelisms.length]!;
    seen.add(parallelism);
    const mortal = report.crashes < options.crashes;
    const inStore = mortal && random.next() < 0.4;
    const stores = new RoughStores({
      random,
      slow: options.slow ?? false,
      failing: options.failing ?? (() => false),
      ...(inStore ? { diesIn: 1 + Math.floor(random.next() * 25) } : {}),
    });
    options.world.trouble = options.slow === true || options.failing !== undefined ? () => stores.disturb() : null;
    const job = await begin(options, ground, stores, parallelism);
    if (job !== null) {
      const over = await turns(job, ground, stores, mortal && !inStore ? 8 + Math.floor(random.next() * 60) : 100_000);
      if (job.status().report.restoredFrom !== null) report.restores++;
      report.aborted += job.status().checkpoints.filter(({ state }) => state === 'aborted').length;
      report.restarts += job.status().report.restarts;
      if (over) {
        const { violations } = options.world;
        if (violations.length > 0) throw new Error(`its sinks saw what may never be: ${violations.join('; ')}`);
        return report;
      }
    }
    stores.dead = true;
    await job?.kill();
    report.crashes++;
  }
}

/** True: the job has finished. False: its time has come. */
async function turns(job: RunningJob, ground: Ground, stores: RoughStores, most: number): Promise<boolean> {
  for (let n = 0; n < most && !stores.dead; n++) {
    const { state } = job.status();
    if (state === 'finished') return true;
    if (state === 'failed') await job.finished;
    await ground.pass();
    if (n > 50_000) throw new Error(`the job does not finish: ${JSON.stringify(job.status())}`);
  }
  return false;
}

/** Null: it died while it began. */
async function begin(options: LifeOptions, ground: Ground, stores: RoughStores, parallelism: number): Promise<RunningJob | null> {
  const fails = options.failing !== undefined || ground.isUnsteady || options.restarts === true;
  const job: LogicalJob = {
    name: 'life',
    outputs: options.outputs,
    parallelism,
    checkpointEveryMs: options.checkpointEveryMs ?? 10,
    restart: { attempts: fails ? 1000 : 0, withinMs: 1000, backoffMs: 1 },
  };
  try {
    return await ground.start(() => planJob(job, parallelism), stores, options.sabotage);
  } catch (error) {
    if (stores.dead) return null;
    throw error;
  }
}

/** One process, on a clock that moves only with the turns. */
class MemoryGround implements Ground {
  readonly isUnsteady = false;
  readonly #disk = new MemoryDisk();
  readonly #clock: JitteryClock;
  readonly #o: LifeOptions;

  constructor(options: LifeOptions) {
    this.#o = options;
    this.#clock = new JitteryClock(options.random);
    options.world.newestCheckpoint = () => newestCheckpointOn(this.#disk);
  }

  start(plan: () => PhysicalPlan, stores: RoughStores, sabotage?: Sabotage): Promise<RunningJob> {
    return this.#passing(startCluster(plan(), this.#environment(stores, sabotage)));
  }

  async pass(): Promise<void> {
    this.#clock.advance(Math.floor(this.#o.random.next() * 6));
    await turn();
  }

  pause(): Promise<void> {
    return turn();
  }

  /** Time goes by until it is settled: a job that had finished and cannot publish waits before it tries again. */
  async #passing<T>(pending: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => void (settled = true);
    pending.then(settle, settle);
    while (!settled) {
      await turn();
      this.#clock.advance(1);
    }
    return pending;
  }

  #environment(stores: RoughStores, sabotage: Sabotage | undefined): ClusterEnvironment {
    const { random } = this.#o;
    const transports = new Map<number, MemoryTransport>();
    const newTransport = (): MemoryTransport =>
      new MemoryTransport({ codec: true, window: { frames: 1 + Math.floor(random.next() * 4), bytes: 4096 } });
    return {
      clock: this.#clock,
      random: seededRandom(Math.floor(random.next() * 1e9)),
      logger: silentLogger,
      defer: lateDefer(random),
      stores: stores.over(openMemoryStores(this.#disk)),
      transport: (generation) => {
        const known = transports.get(generation) ?? newTransport();
        transports.set(generation, known);
        return known;
      },
      epochBytesMax: 1 << 20,
      ...(sabotage === undefined ? {} : { sabotage }),
    };
  }
}

/** In order, as messages of one connection are, but now and then a few turns late. */
function lateDefer(random: Random): (run: () => void) => void {
  const queue: (() => void)[] = [];
  let scheduled = false;
  const pump = (): void => {
    scheduled = false;
    let most = random.next() < 0.3 ? Math.floor(random.next() * 3) : queue.length;
    while (most-- > 0 && queue.length > 0) queue.shift()!();
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    setImmediate(pump);
  };
  return (run) => {
    queue.push(run);
    schedule();
  };
}

/** Time also passes while tasks run, so that the scheduler yields at random places. */
class JitteryClock extends VirtualClock {
  readonly #random: Random;
  #passed = 0;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override monotonic(): number {
    if (this.#random.next() < 0.2) this.#passed += this.#random.next() * 4;
    return super.monotonic() + this.#passed;
  }
}

export function output(
  stream: unknown,
  sink: SinkDefinition,
  mode: OutputMode = 'append',
  everyMs = 0,
): LogicalJob['outputs'][number] {
  const options = everyMs === 0 || mode === 'append' ? { mode } : { mode, every: `${everyMs} ms` };
  const to = (stream as { to(sink: unknown, options: unknown): Parameters<typeof outputNode>[0] }).to(asSink(sink), options);
  return outputNode(to);
}

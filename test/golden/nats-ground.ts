/**
 * The ground of lives on a real nats-server: a coordinator and two workers with connections of their own, each the production
 * code of both sides, in this process. Channels, commands and stores are on the server; time is real.
 *
 * Owns: the workers, that they give signs of life, and that now and then one is lost and another takes its place.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { WorkerEnvironment } from '../../src/actors/index.ts';
import { packValue } from '../../src/batch/index.ts';
import { Fleet, Lead, RemoteWorker, type RunningJob, type WorkerReports } from '../../src/cluster/index.ts';
import { type Random, type Sabotage, silentLogger, type Timer, WeirError } from '../../src/core/index.ts';
import type { PhysicalPlan } from '../../src/plan/index.ts';
import { natsBus } from '../../src/runtime/nats/bus.ts';
import { realClock } from '../../src/runtime/real-clock.ts';
import { type JobStores, type NatsStores, openNatsStores } from '../../src/state/index.ts';
import { type Bus, MemoryTransport, NatsTransport, PlacedTransport } from '../../src/transport/index.ts';
import type { Ground } from './life.ts';
import type { RoughStores } from './rough-stores.ts';

export interface NatsGroundOptions {
  /** Of the streams and subjects of all its lives. */
  readonly job: string;
  readonly random: Random;
  /** Of the coordinator, and of each worker. */
  readonly connections: readonly [NatsConnection, ...NatsConnection[]];
  /** How many workers are lost, over all lives, besides those of a crash. */
  readonly losses?: number;
}

interface Place {
  readonly bus: Bus;
  readonly stores: NatsStores;
  readonly flush: () => Promise<void>;
}
interface Life {
  readonly plan: () => PhysicalPlan;
  readonly stores: RoughStores;
  readonly sabotage: Sabotage | undefined;
  readonly slots: number;
  readonly lead: Lead;
  readonly fleet: () => Fleet;
}

const beatMs = 250;

export class NatsGround implements Ground {
  readonly isUnsteady: boolean;
  readonly #o: NatsGroundOptions;
  readonly #places: Promise<Place[]>;
  #life: Life | null = null;
  #workers: (Worker | null)[] = [];
  #losses: number;
  #sessions = 0;
  #lives = 0;

  constructor(options: NatsGroundOptions) {
    this.#o = options;
    this.#losses = options.losses ?? 0;
    this.isUnsteady = this.#losses > 0;
    this.#places = openPlaces(options);
    this.#places.catch(() => undefined); // `start` says it
  }

  async start(plan: () => PhysicalPlan, stores: RoughStores, sabotage?: Sabotage): Promise<RunningJob> {
    const [own, ...places] = await this.#places;
    const fleet: { now: Fleet | null } = { now: null };
    const lead = new Lead(plan(), this.#environment(stores.over(own!.stores), sabotage), {}, (reports) => {
      fleet.now = this.#fleet(own!.bus, plan(), reports);
      return fleet.now;
    });
    this.#life = { plan, stores, sabotage, slots: Math.ceil(plan().parallelism / places.length), lead, fleet: () => fleet.now! };
    await own!.flush(); // hellos are heard from the first one on
    this.#workers = places.map((place, i) => this.#worker(i, place));
    try {
      await this.#begun(lead, stores);
      if (this.#lives++ % 2 === 0) await this.#checkpointed(lead, stores);
    } catch (error) {
      await this.#kill();
      throw error;
    }
    return Object.assign(lead, { kill: () => this.#kill() });
  }

  async pass(): Promise<void> {
    await this.pause();
    for (const worker of this.#workers) if (worker?.error !== undefined) throw worker.error;
    const isDue = this.#losses > 0 && this.#life!.lead.status().state === 'running' && this.#o.random.next() < 0.05;
    if (isDue) await this.#lose();
  }

  pause(): Promise<void> {
    return new Promise((resolve) => void realClock.setTimer(1, resolve));
  }

  /** With stores that died it would be tried again for ever. */
  async #begun(lead: Lead, stores: RoughStores): Promise<void> {
    let settled = false;
    const settle = (): void => void (settled = true);
    const started = lead.start();
    started.then(settle, settle);
    while (!settled && !stores.dead) await this.pause();
    if (stores.dead) throw new WeirError('E_STORE', 'the process died while it began');
    await started;
  }

  /** Every other life gets as far as a checkpoint; the rest may die while they begin. */
  async #checkpointed(lead: Lead, stores: RoughStores): Promise<void> {
    for (;;) {
      const { state, checkpoints } = lead.status();
      if (checkpoints.some((checkpoint) => checkpoint.state === 'completed')) return;
      if (stores.dead || state === 'finished' || state === 'failed') return;
      await this.pause();
    }
  }

  /** As SIGKILL of all of them would. */
  async #kill(): Promise<void> {
    const life = this.#life!;
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all([Lead.prototype.kill.call(life.lead), ...workers.map((worker) => worker?.kill())]);
  }

  async #lose(): Promise<void> {
    const { fleet } = this.#life!;
    const i = Math.floor(this.#o.random.next() * this.#workers.length);
    const worker = this.#workers[i];
    if (worker === null || worker === undefined) return;
    this.#losses--;
    this.#workers[i] = null;
    await worker.kill();
    fleet().processEnded(worker.name);
    this.#workers[i] = this.#worker(i, (await this.#places)[i + 1]!);
  }

  #fleet(bus: Bus, { fingerprint, parallelism }: PhysicalPlan, reports: WorkerReports): Fleet {
    const { job } = this.#o;
    const spec = { job, params: [], parallelism, fingerprint, version: 'test' };
    const session = `coordinator-${++this.#sessions}`;
    return new Fleet({ bus, prefix: `weir.${job}`, session, clock: realClock, logger: silentLogger, spec, reports });
  }

  #worker(i: number, { bus, stores }: Place): Worker {
    const { job, random } = this.#o;
    const { plan, slots, stores: rough, sabotage } = this.#life!;
    const prefix = `weir.${job}`;
    const environment: WorkerEnvironment = {
      ...this.#environment(rough.over(stores), sabotage),
      defer: (run) => void setImmediate(run),
      transport: (generation, isLocal) =>
        new PlacedTransport(
          new MemoryTransport(),
          new NatsTransport({ bus, prefix: `${prefix}.d`, generation, clock: realClock, logger: silentLogger }),
          isLocal,
        ),
      epochBytesMax: 1 << 20,
    };
    const name = `worker${i}n${++this.#sessions}`;
    return new Worker({ bus, prefix, name, slots, version: 'test', random, environment, plan: async () => plan() });
  }

  #environment(stores: JobStores, sabotage: Sabotage | undefined) {
    const { random } = this.#o;
    return { clock: realClock, random, logger: silentLogger, stores, ...(sabotage === undefined ? {} : { sabotage }) };
  }
}

type WorkerOptions = Omit<ConstructorParameters<typeof RemoteWorker>[0], 'session'>;

/** One that gives signs of life, as its process would. */
class Worker {
  readonly name: string;
  error: WeirError | undefined;
  readonly #options: WorkerOptions;
  readonly #worker: RemoteWorker;
  #session = '';
  #progress = 0;
  #timer: Timer;
  #killed = false;

  constructor(options: WorkerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#worker = new RemoteWorker({ ...options, session: (session) => void (this.#session = session) });
    this.#worker.over.then(
      () => this.#timer.cancel(),
      (error: WeirError) => (this.error = error),
    );
    this.#timer = this.#beat();
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#timer.cancel();
    await this.#worker.kill();
  }

  #beat(): Timer {
    const { bus, prefix } = this.#options;
    bus.publish(`${prefix}.alive`, packValue({ session: this.#session, progress: ++this.#progress }));
    return realClock.setTimer(beatMs, () => {
      if (!this.#killed) this.#timer = this.#beat();
    });
  }
}

async function openPlaces({ job, random, connections }: NatsGroundOptions): Promise<Place[]> {
  const places: Place[] = [];
  for (const [i, connection] of connections.entries())
    places.push({
      bus: natsBus(connection),
      stores: await openNatsStores({ connection, job, create: i === 0, random }),
      flush: () => connection.flush(),
    });
  return places;
}

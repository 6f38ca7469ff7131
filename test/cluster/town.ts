/** A job whose workers are elsewhere: the production code of both sides over a network in memory. */
import { batchSchema } from '../../src/batch/index.ts';
import { Fleet, type JobSpec, Lead, RemoteWorker } from '../../src/cluster/index.ts';
import { packValue } from '../../src/batch/index.ts';
import { seededRandom, silentLogger, WeirError } from '../../src/core/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { type JobStores, MemoryDisk, openMemoryStores, RecentBlobs } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryTransport, NatsTransport, PlacedTransport } from '../../src/transport/index.ts';
import { splitSource } from '../golden/split-source.ts';
import { output } from '../golden/life.ts';
import { World } from '../golden/world.ts';
import { MemoryNetwork } from '../transport/memory-bus.ts';

const fields = batchSchema([
  { name: 'k', type: { kind: 'string' }, nullable: false },
  { name: 'n', type: { kind: 'float64' }, nullable: false },
]);
const rows = Array.from({ length: 5000 }, (_, n) => ({ k: `k${n % 7}`, n }));
/** The sums that come out. */
export const expected: Map<string, number> = new Map<string, number>();
for (const { k, n } of rows) expected.set(k, (expected.get(k) ?? 0) + n);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything but the processes. */
export class Town {
  readonly network = new MemoryNetwork();
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly world = new World();
  readonly random = seededRandom(7);
  readonly workers = new Map<
    string,
    { worker: RemoteWorker; alive: boolean; beating: boolean; session: string; ended: string }
  >();
  readonly log: string[] = [];
  lead: Lead | null = null;
  fleet: Fleet | null = null;
  outcome = '';
  running = true;
  connected = true;

  constructor() {
    void this.#run();
  }

  plan(words = 'sum'): PhysicalPlan {
    const source = splitSource({
      name: 'in',
      schema: fields,
      splits: [rows.slice(0, 2500), rows.slice(2500)],
      random: this.random,
    });
    const sums = source.keyBy('k').reduce((a, b) => ({ k: a.k, n: a.n + b.n }));
    const sink = this.sink;
    const job = {
      name: words,
      outputs: [output(sums, sink, 'update')],
      parallelism: 2,
      checkpointEveryMs: 10,
      restart: { attempts: 1000, withinMs: 1000, backoffMs: 1 },
    };
    return planJob(job, 2);
  }
  readonly sink = this.world.sink('sums');

  spec(more: Partial<JobSpec> = {}): JobSpec {
    return { job: 'sum', params: [], parallelism: 2, fingerprint: this.plan().fingerprint, version: '1', ...more };
  }

  async coordinator(leaves = false): Promise<Lead> {
    const { clock, random } = this;
    const bus = this.network.bus();
    const logger = {
      ...silentLogger,
      warn: (_: unknown, what: string) => void this.log.push(what),
      error: (_: unknown, what: string) => void this.log.push(what),
    };
    const lead = new Lead(
      this.plan(),
      { clock, random, logger, stores: openMemoryStores(this.disk) },
      { leaves: () => leaves },
      (reports) => {
        this.fleet = new Fleet({
          bus,
          prefix: 'weir.sum',
          session: `c-${random.id().slice(0, 4)}`,
          clock,
          logger,
          spec: this.spec(),
          reports,
        });
        return this.fleet;
      },
    );
    lead.finished.then(
      () => (this.outcome = 'finished'),
      (error: WeirError) => (this.outcome = `${error.code} ${error.message}`),
    );
    this.lead = lead;
    await lead.start();
    return lead;
  }

  worker(name: string, more: { slots?: number; version?: string; words?: string } = {}): void {
    const { clock, network, random } = this;
    const bus = network.bus();
    const entry = { alive: true, beating: true, session: '', ended: '' } as {
      worker: RemoteWorker;
      alive: boolean;
      beating: boolean;
      session: string;
      ended: string;
    };
    this.workers.set(name, entry);
    entry.worker = new RemoteWorker({
      bus,
      prefix: 'weir.sum',
      name,
      slots: more.slots ?? 1,
      version: more.version ?? '1',
      random,
      environment: {
        clock,
        logger: silentLogger,
        defer: (run) => void setImmediate(run),
        stores: this.storesOf(name),
        transport: (generation, isLocal) =>
          new PlacedTransport(
            new MemoryTransport(),
            new NatsTransport({ bus, prefix: 'weir.sum.d', generation, clock, logger: silentLogger }),
            isLocal,
          ),
        epochBytesMax: 1 << 20,
      },
      plan: async () => this.plan(more.words),
      session: (session) => void (entry.session = session),
      canHear: () => this.connected,
    });
    entry.worker.over.then(
      () => (entry.ended = 'over'),
      (error: WeirError) => (entry.ended = `${error.code} ${error.message}`),
    );
  }

  /** Ids that were read ahead, by worker. */
  readonly warmed = new Map<string, Set<string>>();
  storesOf(name: string): JobStores {
    const { blobs, ...others } = openMemoryStores(this.disk);
    const warmed = new Set<string>();
    this.warmed.set(name, warmed);
    const recent = new RecentBlobs(1 << 20).over(blobs, 'life');
    return {
      ...others,
      blobs: {
        ...recent,
        warm: async (ids, signal) => {
          await recent.warm!(ids, signal);
          for (const id of ids) warmed.add(id);
        },
      },
    };
  }

  /** As SIGKILL would. */
  async kill(name: string): Promise<void> {
    const entry = this.workers.get(name)!;
    entry.alive = false;
    await entry.worker.kill();
  }

  async until(what: () => boolean): Promise<void> {
    for (let i = 0; i < 20_000; i++) {
      if (what()) return;
      await turn();
    }
    throw new Error(`it does not come to that: ${JSON.stringify(this.lead?.status(), null, 1)} ${this.log.join('; ')}`);
  }

  get sums(): Map<string, number> {
    return new Map(this.world.rows<{ k: string; n: number }>('sums').map(({ k, n }) => [k, n]));
  }

  end(): void {
    this.running = false;
  }

  async #run(): Promise<void> {
    for (let progress = 0; this.running; progress++) {
      await turn();
      this.network.deliver();
      this.clock.advance(1);
      if (progress % 100 !== 0) continue;
      for (const { alive, beating, session } of this.workers.values())
        if (alive && beating) this.network.bus().publish('weir.sum.alive', packValue({ session, progress }));
    }
  }
}

// A job whose workers are elsewhere: the production code of both sides over a network in memory.
import { afterEach, describe, expect, test } from 'vitest';
import { batchSchema } from '../../src/batch/index.ts';
import { Fleet, type JobSpec, Lead, RemoteWorker } from '../../src/cluster/index.ts';
import { packValue } from '../../src/batch/index.ts';
import { seededRandom, silentLogger, WeirError } from '../../src/core/index.ts';
import { type PhysicalPlan, planJob } from '../../src/plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
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
const expected = new Map<string, number>();
for (const { k, n } of rows) expected.set(k, (expected.get(k) ?? 0) + n);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything but the processes. */
class Town {
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
        stores: openMemoryStores(this.disk),
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

let town: Town;
afterEach(() => town.end());

describe('a job whose workers are elsewhere', () => {
  test('waits for enough slots, runs to its end, and lets its workers go', async () => {
    town = new Town();
    const lead = await town.coordinator();
    town.worker('w1');
    await town.until(() => town.workers.get('w1')!.session !== '');
    expect(lead.status().state).toBe('restoring');
    town.worker('w2');
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended === 'over'));
  });

  test('does not count a worker as lost that goes because the job is over', async () => {
    town = new Town();
    await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => [...town.workers.values()].some(({ ended }) => ended === 'over'));
    for (const name of ['w1', 'w2']) town.fleet!.processEnded(name);
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.log.filter((said) => said !== 'waiting for workers')]).toEqual(['finished', []]);
  });

  test('goes on from its last checkpoint on another worker when one is killed', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    await town.kill('w1');
    await town.kill('w2');
    town.worker('w4');
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums, lead.status().report.restarts > 0]).toEqual(['finished', expected, true]);
  });

  test('a subtask stays where it was when another worker is lost, and under the next coordinator', async () => {
    town = new Town();
    const first = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    const places = (): Map<string, string> =>
      new Map(town.lead!.status().subtasks.map(({ stage, subtask, worker }) => [`${stage} ${subtask}`, worker.split('-')[0]!]));
    const all = town.plan().stages.reduce((sum, { parallelism }) => sum + parallelism, 0);
    const settled = (): boolean => town.lead!.status().state === 'running' && places().size === all;
    await town.until(settled);
    const before = places();
    const lost = [...before.values()][0]!;
    const others = (): [string, string][] => [...places()].filter(([subtask]) => before.get(subtask) !== lost);
    await town.kill(lost);
    await town.until(() => settled() && ![...places().values()].includes(lost));
    expect(others()).toEqual([...before].filter(([, worker]) => worker !== lost));
    town.worker('w4');
    const between = places();
    await first.kill();
    await town.until(() => town.outcome !== '');
    town.outcome = '';
    await town.coordinator();
    await town.until(settled);
    expect(places()).toEqual(between);
    await town.lead!.kill();
  });

  test('F1, F3: a worker that was silent too long is not counted, closes what it ran, and joins again', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const entry = town.workers.get('w1')!;
    const before = entry.session;
    entry.beating = false;
    await town.until(() => town.log.includes('a worker was lost'));
    entry.beating = true;
    await town.until(() => entry.session !== before);
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
  });

  test('a worker that leaves, or whose process is known to have ended, is lost at once', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const at = town.clock.monotonic();
    await town.workers.get('w1')!.worker.leave();
    await town.until(() => town.log.includes('a worker was lost'));
    town.log.length = 0;
    town.fleet!.processEnded('w2');
    expect(town.log).toEqual(['a worker was lost']);
    expect(town.clock.monotonic() - at).toBeLessThan(500);
    await lead.kill();
  });

  test('a worker that nobody hears any more is lost at once; after an outage of our own connection it is given time to come back', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2', 'w3', 'w4']) town.worker(name);
    await town.until(() => lead.status().checkpoints.some(({ state }) => state === 'completed'));
    const passed = async (ms: number): Promise<void> => {
      const at = town.clock.monotonic();
      await town.until(() => town.clock.monotonic() - at >= ms);
    };
    await town.kill('w1');
    await passed(400);
    expect(town.log).toEqual(['a worker was lost', 'a subtask failed']);
    town.log.length = 0;
    town.network.interrupt();
    await town.kill('w2');
    await passed(1000);
    expect(town.log).not.toContain('a worker was lost');
    await passed(1000);
    expect(town.log).toContain('a worker was lost');
    await lead.kill();
  });

  test('goes on under another coordinator when its own is killed: the workers join that one', async () => {
    town = new Town();
    const first = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => first.status().checkpoints.some(({ state }) => state === 'completed'));
    await first.kill();
    await town.until(() => town.outcome !== '');
    town.outcome = '';
    await town.coordinator();
    await town.until(() => town.outcome !== '');
    expect([town.outcome, town.sums]).toEqual(['finished', expected]);
  });

  test('F4: a coordinator that woke up after its time takes no worker from the one that leads; without both, workers end', async () => {
    town = new Town();
    const first = await town.coordinator();
    town.worker('w1');
    town.worker('w2');
    await town.until(() => first.status().checkpoints.some(({ state }) => state === 'completed'));
    await first.kill();
    await town.until(() => town.outcome !== '');
    const second = await town.coordinator();
    await town.until(() => second.status().state === 'running');
    const sessions = [...town.workers.values()].map(({ session }) => session);
    for (let i = 0; i < 20; i++) {
      town.network.bus().publish('weir.sum.beat', packValue({ session: 'c-zombie', members: [] }));
      await town.until(() => true);
    }
    expect([...town.workers.values()].map(({ session }) => session)).toEqual(sessions);
    await second.kill();
    // A last word of the zombie makes them look again: they have served, and do not wait for ever.
    const at = town.clock.monotonic();
    await town.until(() => town.clock.monotonic() - at > 1500);
    town.network.bus().publish('weir.sum.beat', packValue({ session: 'c-zombie', members: [] }));
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect(town.clock.monotonic() - at).toBeLessThan(8000);
  });

  test('goes on under another coordinator when its own was told to end; without another the workers end too, and nothing is wrong', async () => {
    town = new Town();
    const first = await town.coordinator(true);
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => first.status().state === 'running');
    await first.stop();
    const second = await town.coordinator(true);
    await town.until(() => second.status().state === 'running');
    expect(second.status().report.restoredFrom).not.toBeNull();
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['', '']);
    const at = town.clock.monotonic();
    await second.stop();
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['over', 'over']);
    expect(town.clock.monotonic() - at).toBeLessThan(8000);
  });

  test('F4: workers that hear no coordinator for five seconds end', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().state === 'running');
    const at = town.clock.monotonic();
    await lead.kill();
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
    expect(town.clock.monotonic() - at).toBeLessThan(6000);
    expect(town.workers.get('w1')!.ended).toMatch(/^E_CHANNEL the coordinator has said nothing for 5 s/);
  });

  test('F4: but however long they have no connection they wait for it', async () => {
    town = new Town();
    const lead = await town.coordinator();
    for (const name of ['w1', 'w2']) town.worker(name);
    await town.until(() => lead.status().state === 'running');
    town.connected = false;
    await lead.kill();
    const at = town.clock.monotonic();
    await town.until(() => town.clock.monotonic() - at > 8000);
    expect([...town.workers.values()].map(({ ended }) => ended)).toEqual(['', '']);
    town.connected = true;
    await town.until(() => [...town.workers.values()].every(({ ended }) => ended !== ''));
  });

  test.each([
    [{ version: '2' }, 'Weir 2, the coordinator runs Weir 1'],
    [{ words: 'other' }, 'its module makes plan'],
  ])('F2: a worker with %o is refused with both values', async (more, reason) => {
    town = new Town();
    await town.coordinator();
    town.worker('w1', more);
    await town.until(() => town.workers.get('w1')!.ended !== '');
    expect(town.workers.get('w1')!.ended).toContain(`E_STATE_INCOMPATIBLE this worker cannot join: ${reason}`);
    await town.until(() => town.log.includes('a worker was refused'));
    await town.lead!.kill();
  });
});

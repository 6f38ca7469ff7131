/**
 * A whole cluster in one process: coordinators, workers and a server, on virtual time.
 *
 * Owns: the roles, what starts them again when they end, and which of them lead or run something. They are the production code, `Leadership`,
 * `Lead`, `Fleet` and `RemoteWorker`; only what is outside of it is simulated. Does not own: what goes wrong (nemesis.ts).
 */
import type { WorkerEnvironment } from '../../actors/index.ts';
import { Fleet, type JobReport, type JobSpec, Lead, Leadership, RemoteWorker } from '../../cluster/index.ts';
import { packValue } from '../../batch/index.ts';
import { LeaseLost } from '../../coordinator/index.ts';
import { type Logger, type Random, runTrigger, type Sabotage, seededRandom, silentLogger, WeirError } from '../../core/index.ts';
import type { SinkDefinition } from '../../operators/index.ts';
import { type LogicalJob, type PhysicalPlan, planJob } from '../../plan/index.ts';
import { MemoryTransport, NatsTransport, PlacedTransport } from '../../transport/index.ts';
import { ChannelWitness } from './channel-witness.ts';
import { type Attached, type Ground, MemoryGround, type Role } from './ground.ts';
import { inProcess, ownSink, type Pace } from './simulated-definitions.ts';
import { type Connection, SimulatedNetwork } from './simulated-network.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { conditionsOf, type StoreConditions } from './simulated-stores.ts';
import type { Timeline } from './timeline.ts';
import { WorkerDisks } from './worker-disks.ts';

export interface SimulatedJob extends Omit<LogicalJob, 'parallelism' | 'outputs'> {
  /** As a process makes them when it starts. `servers`: what stands for NATS in them, where there is one. */
  readonly outputs: (servers: string) => LogicalJob['outputs'];
  /** Of each life of a coordinator, in turn. */
  readonly parallelisms: readonly number[];
  /** Runs that end with what is there (trigger `available-now`), before one that goes on to the end (0). */
  readonly drains?: number;
}
export interface SimulatedClusterOptions {
  readonly timeline: Timeline;
  readonly seed: number;
  readonly job: SimulatedJob;
  readonly workers: number;
  /** Of each worker. */
  readonly slots: number;
  readonly pace: Pace;
  /** Of memory, unless said. */
  readonly ground?: (network: SimulatedNetwork, conditions: StoreConditions) => Ground;
  readonly sabotage?: Sabotage;
}

export interface Member {
  readonly role: Role;
  readonly index: number;
  process: SimulatedProcess;
  connections: readonly Connection[];
  /** Of a coordinator that leads. */
  lead: Lead | null;
}

/** Over all lives of leaders, as far as their histories go back. */
export interface ClusterTotals {
  restores: number;
  deepRestores: number;
  aborted: number;
  /** Aborted epochs that a completed one followed. */
  abortedThenCompleted: number;
  completed: number;
  /** Lives of leaders. */
  generations: number;
  /** Restored at another parallelism than the generation before had. */
  rescales: number;
  restarts: number;
}

/** Of the engine's subjects. */
export const prefix = 'weir.sim';
const aliveMs = 250;
const version = 'simulated';
/** Of channels: each worker has its own. */
const windowFramesMax = 6;
/** A worker that runs what is over has so many looks of the witness to find out: longer than its line is ever deaf. */
const lateLooksMax = 14;
const lookMs = 1000;
/** Of all clusters, those whose workers keep copies of snapshots. */
const copiesShare = 0.5;
/** Said at most. */
const violationsMax = 5;
/** What starts a process that ended again: at the earliest, and how much later. */
/** What many entries would bring is there of few: several steps for a snapshot, and entries at rest. */
const smallSteps = (drawn: number): Pick<WorkerEnvironment, 'entriesPerStep' | 'tableLimits'> => ({
  entriesPerStep: 1 + Math.floor(drawn * 4),
  tableLimits: { packedFrom: Math.floor(drawn * 40) % 10, loadedPackedFrom: Math.floor(drawn * 400) % 10 },
});
const respawnMs = { least: 50, more: 1500 };

export class SimulatedCluster {
  readonly network: SimulatedNetwork;
  readonly ground: Ground;
  readonly conditions: StoreConditions;
  /** Where workers keep copies of snapshots, in some lives. */
  readonly disks: WorkerDisks = new WorkerDisks();
  readonly members: Member[] = [];
  readonly totals: ClusterTotals = {
    restores: 0,
    deepRestores: 0,
    aborted: 0,
    abortedThenCompleted: 0,
    completed: 0,
    generations: 0,
    rescales: 0,
    restarts: 0,
  };
  /** That it ran at. */
  readonly parallelisms: Set<number> = new Set();
  /** What ended the job otherwise than by its end. */
  failure: Error | null = null;
  report: JobReport | null = null;
  /** Runs that have read what was there, and ended. */
  drained = 0;
  /** What the witnesses saw that may never be, each kind of it once. */
  readonly violations: string[] = [];
  readonly #o: SimulatedClusterOptions;
  readonly #channels: ChannelWitness;
  readonly #hasCopies: boolean;
  /** Looks in a row at which a worker ran what is over. */
  readonly #late = new WeakMap<object, number>();
  readonly #random: Random;
  #toldOver = false;
  #lives = 0;
  #latestParallelism = 0;

  constructor(options: SimulatedClusterOptions) {
    this.#o = options;
    this.#random = seededRandom(options.seed);
    this.#channels = new ChannelWitness(windowFramesMax, (what) => this.#say(what));
    this.network = new SimulatedNetwork(options.timeline, this.#fork());
    this.conditions = conditionsOf(this.#fork());
    this.#hasCopies = this.#random.next() < copiesShare;
    const { ground = (network, conditions) => new MemoryGround(network, conditions, (what) => this.#say(what)) } = options;
    this.ground = ground(this.network, this.conditions);
  }

  start(): void {
    this.#member('coordinator', 0);
    this.#member('coordinator', 1);
    for (let i = 0; i < this.#o.workers; i++) this.#member('worker', i);
    this.#look();
  }

  get over(): boolean {
    return this.report !== null || this.failure !== null || this.#toldOver;
  }

  /** The coordinator that leads, if one is alive. */
  get leader(): Member | undefined {
    return this.members.find(({ lead, process }) => lead !== null && process.alive);
  }

  /** A generation is running. */
  get isRunning(): boolean {
    return this.leader?.lead?.status().state === 'running';
  }

  #fork(): Random {
    return seededRandom(Math.floor(this.#random.next() * 2 ** 32));
  }

  #member(role: Role, index: number): void {
    const member: Member = {
      role,
      index,
      process: new SimulatedProcess('', this.#o.timeline, this.#fork()),
      connections: [],
      lead: null,
    };
    this.members.push(member);
    this.#spawn(member);
  }

  #spawn(member: Member): void {
    if (this.over) return;
    const { role, index } = member;
    const process = new SimulatedProcess(`${role}-${index}.${++this.#lives}`, this.#o.timeline, this.#fork());
    member.process = process;
    member.lead = null;
    process.onEnd(() => {
      this.#count(member);
      member.lead = null;
      const after = respawnMs.least + this.#random.next() * respawnMs.more;
      this.#o.timeline.after(after, `${role}-${index} is started`, () => this.#spawn(member));
    });
    void this.#attached(member);
  }

  /** What starts it again does so too where it finds no server. */
  async #attached(member: Member): Promise<void> {
    const { role, index, process } = member;
    let attached: Attached;
    try {
      attached = await this.ground.attach(process, role);
      if (role === 'worker' && this.#hasCopies)
        attached = { ...attached, stores: await this.disks.copied(`${role}-${index}`, process, attached.stores) };
    } catch {
      return process.kill();
    }
    member.connections = attached.connections;
    if (role === 'worker') this.#worker(member, attached);
    else void this.#coordinator(member, attached);
  }

  // ── a worker

  #worker({ process }: Member, { control, data, stores, connected, servers }: Attached): void {
    const { clock, random } = process;
    let session = '';
    let progress = 0;
    const window = { frames: 1 + Math.floor(random.next() * windowFramesMax), bytes: 4096 };
    const worker = new RemoteWorker({
      bus: control,
      prefix,
      name: process.name,
      slots: this.#o.slots,
      version,
      random,
      environment: {
        clock,
        logger: silentLogger,
        defer: (run) => process.after(random.next() * 0.1, 'turn', run),
        stores,
        ...smallSteps(random.next()),
        transport: (generation, isLocal) =>
          this.#channels.of(
            process,
            generation,
            new PlacedTransport(
              new MemoryTransport({ window }),
              new NatsTransport({ bus: data, prefix: `${prefix}.d`, generation, clock, logger: silentLogger, window }),
              isLocal,
            ),
          ),
        epochBytesMax: 1 << 20,
        ...this.#sabotage(),
      },
      plan: async (spec) => this.#plan(process, servers, spec.parallelism),
      session: (next) => (session = next),
      canHear: connected,
    });
    const sayAlive = (): void => {
      control.publish(`${prefix}.alive`, packValue({ session, progress: ++progress }));
      process.after(aliveMs, 'signs of life', sayAlive);
    };
    process.after(aliveMs, 'signs of life', sayAlive);
    worker.over.then(
      () => process.kill(),
      () => process.kill(),
    );
  }

  // ── a coordinator

  async #coordinator(member: Member, attached: Attached): Promise<void> {
    const { process } = member;
    const { stores, servers } = attached;
    const { clock, random } = process;
    const parallelism = this.#o.job.parallelisms[this.#lives % this.#o.job.parallelisms.length]!;
    const plan = this.#plan(process, servers, parallelism);
    const leadership = new Leadership({
      pointers: stores.pointers,
      clock,
      random,
      logger: silentLogger,
      signal: new AbortController().signal,
      lead: (session) => this.#lead(process, attached, plan, session),
      leads: (lead, over) => {
        member.lead = lead;
        const end = (): void => {
          this.#count(member);
          if (member.lead === lead) member.lead = null;
        };
        over.then(end, end);
      },
      severed: () => new Promise(() => undefined),
      waiting: () => undefined,
    });
    try {
      const first = await leadership.acquire();
      if (typeof first === 'string') return this.#hear();
      const report = await leadership.lead(first);
      if (typeof report === 'string') return this.#hear();
      if (process.alive && leadership.present?.drains === true) {
        this.drained++;
        await leadership.release();
        return process.kill();
      }
      await leadership.release('finished');
      this.report = report;
    } catch (thrown) {
      // What starts processes again starts this one, unless nothing would be better then.
      if (thrown instanceof LeaseLost || (thrown instanceof WeirError && thrown.retry !== 'never')) process.kill();
      else this.failure ??= thrown as Error;
    }
  }

  /** One that waited hears that the job is over: whoever led it said so, and may have died since. */
  #hear(): void {
    this.#toldOver = true;
  }

  #lead({ clock, random }: SimulatedProcess, { control: bus, stores }: Attached, plan: PhysicalPlan, session: string): Lead {
    const logger: Logger = silentLogger;
    const { parallelism, fingerprint } = plan;
    const spec: JobSpec = { job: plan.job.name, params: [], parallelism, fingerprint, version };
    const environment = { clock, random, logger, stores, ...this.#sabotage() };
    const trigger = runTrigger(this.drained < (this.#o.job.drains ?? 0) ? 'available-now' : 'continuous');
    return new Lead(
      plan,
      environment,
      { trigger },
      (reports) => new Fleet({ bus, prefix, session, clock, logger, spec, reports }),
    );
  }

  /** Whoever is awake hears in time that what it runs is over. */
  #look(): void {
    if (this.over) return;
    const running = this.isRunning ? this.leader!.lead!.status().generation : 0;
    for (const { role, process } of this.members) {
      const oldest = role === 'worker' && process.alive && !process.paused ? this.#channels.oldest(process) : undefined;
      const late = oldest !== undefined && oldest < running ? (this.#late.get(process) ?? 0) + 1 : 0;
      this.#late.set(process, late);
      if (late === lateLooksMax) this.#say(`${process.name} runs generation ${oldest}, and generation ${running} does too`);
    }
    this.#o.timeline.after(lookMs, 'the witness looks', () => this.#look());
  }

  #say(violation: string): void {
    if (this.violations.length < violationsMax) this.violations.push(violation);
  }

  #plan(process: SimulatedProcess, servers: string, parallelism: number): PhysicalPlan {
    const { parallelisms: _, drains: __, deadLetters, ...job } = this.#o.job;
    const { pace } = this.#o;
    const dead = deadLetters === undefined ? {} : { deadLetters: ownSink(deadLetters as SinkDefinition, process, pace) };
    return planJob({ ...job, ...dead, parallelism, outputs: inProcess(job.outputs(servers), process, pace) }, parallelism);
  }

  #sabotage(): { readonly sabotage?: Sabotage } {
    return this.#o.sabotage === undefined ? {} : { sabotage: this.#o.sabotage };
  }

  /** What a life of a coordinator has seen, when it is over. */
  #count({ lead }: Member): void {
    if (lead === null) return;
    const status = lead.status();
    const { report, checkpoints } = status;
    const { totals } = this;
    const restored = report.restoredFrom ?? 0;
    totals.restores += report.restarts + (restored > 0 ? 1 : 0);
    if (restored >= 2 || report.restarts > 0) totals.deepRestores++;
    const { parallelism } = status;
    if (restored > 0 && this.#latestParallelism !== parallelism) totals.rescales++;
    this.#latestParallelism = parallelism;
    this.parallelisms.add(parallelism);
    totals.restarts += report.restarts;
    const states = checkpoints.map(({ state }) => state);
    totals.aborted += states.filter((state) => state === 'aborted').length;
    const newest = states.indexOf('completed');
    if (newest >= 0) totals.abortedThenCompleted += states.slice(newest).filter((state) => state === 'aborted').length;
    totals.completed = Math.max(totals.completed, report.epoch);
    totals.generations++;
  }
}

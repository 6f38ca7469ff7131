/**
 * The ground of a simulated cluster that is a NATS: each process has real clients, for the engine and for its sources and sinks, of one
 * simulated server, and keeps its state in streams of it.
 *
 * Owns: the lines between clients and server, which pass what the network lets through, and when the server's disk has what it is given. Does
 * not own: what the server does (nats/), what goes wrong. A line that is broken stays so: a client that comes back has another, and nothing
 * that was under way before arrives on it.
 */
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import { provideNats } from '../../connectors/index.ts';
import { silentLogger } from '../../core/index.ts';
import { clientSettings, natsBus } from '../../runtime/index.ts';
import { openNatsStores } from '../../state/index.ts';
import { connectSimulated, type Line, type ServerSide, SimulatedServer } from '../nats/index.ts';
import type { Attached, Ground, Role } from './ground.ts';
import type { Connection, SimulatedNetwork, Use } from './simulated-network.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { StoreConditions } from './simulated-stores.ts';
import type { Timeline } from './timeline.ts';

export interface NatsGroundOptions {
  readonly timeline: Timeline;
  readonly network: SimulatedNetwork;
  readonly conditions: StoreConditions;
  readonly job: string;
  /** Of the engine's own subjects; those of channels go on with `.d.`. */
  readonly prefix: string;
  /** Of the server. */
  readonly version: string;
  /** It syncs before each confirmation, as one with `sync_interval: always` does; else a stream now and then. */
  readonly syncs: boolean;
  /** 0 to 1. */
  readonly random: () => number;
}
interface Host {
  readonly process: SimulatedProcess;
  readonly connection: Connection;
}

const startedMs = 946_684_800_000;
/** A server that does not sync at once syncs some of its streams so often. */
const syncEveryMs = 700;
const syncShare = 0.4;
const justSyncedShare = 0.6;
/** Sources and sinks know their connections by the names of servers: no two worlds may have the same. */
let worlds = 0;

export class NatsGround implements Ground {
  readonly server: SimulatedServer;
  readonly #o: NatsGroundOptions;
  readonly #world = ++worlds;
  readonly #hosts = new Map<string, Host>();
  readonly #clients: NatsConnection[] = [];
  /** Restarts of the server: what it had not stored before is lost. */
  #lives = 0;
  #storesAt = 0;
  readonly #providedBefore: ReturnType<typeof provideNats>;

  constructor(options: NatsGroundOptions) {
    this.#o = options;
    const { timeline, network, version } = options;
    nuid.reset();
    this.server = new SimulatedServer({
      version,
      maxPayload: network.maxPayload,
      clock: {
        now: () => startedMs + Math.floor(timeline.now),
        after: (delayMs, name, run) => timeline.after(delayMs, `the server ${name}`, run),
      },
    });
    this.server.store = (take) => this.#store(take);
    this.server.route = (subject, deliver) => this.#route(subject, deliver);
    this.server.jetstream.isFull = (subject) => this.#isFull(subject);
    if (!options.syncs) this.#syncLater();
    this.#providedBefore = provideNats(async ({ servers = [] }) => ({ connection: await this.#client([servers].flat()[0]!) }));
  }

  async attach(process: SimulatedProcess, role: Role): Promise<Attached> {
    const name = `${process.name.replaceAll('.', '-')}-of-${this.#world}`;
    const use = (as: string, use: Use): Host => {
      const host = { process, connection: this.#o.network.connect(process, use) };
      this.#hosts.set(`${name}-${as}`, host);
      return host;
    };
    const hosts = [use('control', 'control'), use('connectors', 'control'), ...(role === 'worker' ? [use('data', 'data')] : [])];
    process.onEnd(() => {
      for (const as of ['control', 'connectors', 'data']) this.#hosts.delete(`${name}-${as}`);
    });
    const control = await this.#client(`${name}-control`);
    const data = role === 'worker' ? await this.#client(`${name}-data`) : control;
    const { job } = this.#o;
    const stores = await openNatsStores({ connection: control, job, create: role === 'coordinator', random: process.random });
    return {
      connections: hosts.map(({ connection }) => connection),
      control: natsBus(control, silentLogger),
      data: natsBus(data, silentLogger),
      stores,
      connected: () => control.info !== undefined,
      servers: `${name}-connectors`,
    };
  }

  restart(awayMs: number): void {
    this.#lives++;
    this.#o.network.restart(awayMs);
    this.server.restart();
  }

  losePower(awayMs: number): void {
    this.#lives++;
    this.#o.network.restart(awayMs);
    const { syncs, random } = this.#o;
    // Each stream is synced at its own time: some just before.
    this.server.jetstream.sync(() => syncs || random() < justSyncedShare);
    this.server.restart(true);
    this.server.jetstream.sync();
  }

  #syncLater(): void {
    const { timeline, random } = this.#o;
    timeline.after(syncEveryMs * random(), 'the server syncs', () => {
      this.server.jetstream.sync(() => random() < syncShare);
      this.#syncLater();
    });
  }

  /** Lets go of all clients, and of being what sources and sinks connect by. */
  async close(): Promise<void> {
    provideNats(this.#providedBefore);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #client(host: string): Promise<NatsConnection> {
    const client = await connectSimulated(async (name) => this.#dial(name), { ...clientSettings(), servers: host, name: host });
    this.#clients.push(client);
    return client;
  }

  #dial(name: string): Line {
    const host = this.#hosts.get(name);
    if (host === undefined || !host.connection.connected) throw new Error(`nothing answers at ${name}`);
    return new ProcessLine(host, this.server);
  }

  // ── what the server does with what it is given

  /** One after the other, after what its disk takes for each. */
  #store(take: () => void): void {
    const { timeline, conditions, random } = this.#o;
    const { now } = timeline;
    const slowMs = now < conditions.slowUntil ? conditions.slowMs / 4 : 0;
    const at = Math.max(this.#storesAt, now + random() * (slowMs + conditions.writeMs / 10));
    this.#storesAt = at;
    if (at === now) return take();
    const life = this.#lives;
    timeline.after(at - now, 'the server stores', () => {
      if (life === this.#lives) take();
    });
  }

  #isFull(subject: string): boolean {
    const { timeline, conditions, random, job } = this.#o;
    if (conditions.refusals > 0 && subject.startsWith(`weir-store.${job}.blobs.`) && conditions.refusals-- > 0) return true;
    return timeline.now < conditions.fullUntil && random() < conditions.fullShare;
  }

  #route(subject: string, deliver: () => number): number {
    const { network, prefix } = this.#o;
    if (!subject.startsWith(`${prefix}.`)) return deliver();
    return network.route(subject, subject.startsWith(`${prefix}.d.`) ? 'data' : 'control', deliver);
  }
}

/** From a client to the server, over what the network gives the process. */
class ProcessLine implements Line {
  readonly #process: SimulatedProcess;
  readonly #connection: Connection;
  readonly #side: ServerSide;
  #receive: (bytes: Uint8Array) => void = () => undefined;
  #ended: () => void = () => undefined;
  #isBroken = false;
  /** What the server says at one moment travels together. */
  #said: Uint8Array[] = [];
  readonly #watch: { close(): void };

  constructor({ process, connection }: Host, server: SimulatedServer) {
    this.#process = process;
    this.#connection = connection;
    this.#watch = connection.onBroken(() => this.#break());
    this.#side = server.connect({ send: (bytes) => this.#say(bytes), end: () => this.#break() });
  }

  send(bytes: Uint8Array): void {
    if (this.#isBroken || !this.#process.point()) return;
    this.#connection.pass('out', 'bytes', () => {
      this.#side.receive(bytes);
      this.#connection.served();
    });
  }

  close(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#watch.close();
    this.#side.gone();
  }

  listen(receive: (bytes: Uint8Array) => void, ended: () => void): void {
    this.#receive = receive;
    this.#ended = ended;
  }

  #say(bytes: Uint8Array): void {
    if (!this.#isBroken && this.#said.push(bytes) === 1) queueMicrotask(() => this.#passOn());
  }

  #passOn(): void {
    const bytes = Buffer.concat(this.#said);
    this.#said = [];
    if (this.#isBroken) return;
    this.#connection.pass('in', 'bytes', () =>
      this.#process.run(() => {
        if (!this.#isBroken && this.#process.point()) this.#receive(bytes);
      }),
    );
  }

  #break(): void {
    if (this.#isBroken) return;
    this.close();
    // An event of its own for each process: what follows from it happens in that process' time.
    this.#process.after(0, 'hears that its line is broken', () => this.#ended());
  }
}

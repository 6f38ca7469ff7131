/**
 * A NATS server in memory, as far as core NATS goes, and the connections to it.
 *
 * Owns: what is under way, and what is lost of it. Messages of a connection keep their order, both ways; those of different connections
 * overtake each other. Invariants: NC5 no message is lost without a call of everybody of its connection that asked for it, after the loss;
 * but in a time of `trouble`, when the server itself loses messages, says them twice or out of turn, as none should.
 */
import type { Random } from '../../core/index.ts';
import type { Bus, Subscription } from '../../transport/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Timeline } from './timeline.ts';

type Receive = (payload: Uint8Array, reply?: string) => void;
export type Direction = 'out' | 'in' | 'both';
/** What a connection is for. */
export type Use = 'control' | 'data';

/** A client that hears nothing for two pings gives its connection up. */
const pingsMs = 4000;
const reconnectMs = 250;
const slownesses = { control: [1, 1, 4, 12], data: [1, 1, 12, 40] };

/** What becomes of messages meanwhile, each with its share, 0 to 1. */
export interface Trouble {
  readonly until: number;
  readonly lost: number;
  readonly twice: number;
  readonly late: number;
}
const lateMsMax = 1000;
/** Not always the very next one. */
const loseShare = 0.3;

export class SimulatedNetwork {
  trouble: Trouble = { until: 0, lost: 0, twice: 0, late: 0 };
  /** So many messages of channels are lost, and nothing else. */
  framesToLose = 0;
  readonly maxPayload: number;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #connections = new Set<Connection>();
  #down = false;
  /** Messages that were lost. */
  lost = 0;

  /** How slow it is, against a good one, for control messages and for channels. */
  readonly #slowness: Readonly<Record<Use, number>>;

  constructor(timeline: Timeline, random: Random, maxPayload: number = 64 << 10) {
    this.#timeline = timeline;
    this.#random = random;
    const drawn = (from: readonly number[]): number => from[Math.floor(random.next() * from.length)]!;
    this.#slowness = { control: drawn(slownesses.control), data: drawn(slownesses.data) };
    this.maxPayload = maxPayload;
  }

  get down(): boolean {
    return this.#down;
  }

  connect(process: SimulatedProcess, use: Use = 'control'): Connection {
    const connection = new Connection(this, process, this.#timeline, this.#random, use);
    this.#connections.add(connection);
    process.onEnd(() => {
      connection.end();
      this.#connections.delete(connection);
    });
    return connection;
  }

  /** All connections break; it is back after a time. */
  restart(awayMs: number): void {
    this.#down = true;
    for (const connection of this.#connections) connection.cut(awayMs);
    this.#timeline.after(awayMs, 'the server is back', () => void (this.#down = false));
  }

  /**
   * What becomes of a message in the server.
   *
   * @param deliver to all who subscribe; how many
   * @returns how many heard it, as far as the server knows
   */
  route(subject: string, use: Use, deliver: () => number): number {
    if (use === 'data' && this.framesToLose > 0 && this.#random.next() < loseShare) {
      this.framesToLose--;
      this.lost++;
      return 1;
    }
    const { until, lost, twice, late } = this.trouble;
    if (this.#timeline.now >= until) return deliver();
    const drawn = this.#random.next();
    if (drawn < lost) this.lost++;
    else if (drawn < lost + late) this.#timeline.after(this.#random.next() * lateMsMax, `late ${subject}`, () => void deliver());
    else {
      const heard = deliver();
      if (drawn < lost + late + twice) deliver();
      return heard;
    }
    return 1;
  }

  /** For the server's side of a connection. */
  publish(subject: string, payload: Uint8Array, reply: string | undefined, use: Use): void {
    const heard = this.route(subject, use, () => this.#deliver(subject, payload, reply));
    if (heard === 0 && reply !== undefined) this.publish(reply, new Uint8Array(0), undefined, 'control');
  }

  #deliver(subject: string, payload: Uint8Array, reply: string | undefined): number {
    let heard = 0;
    for (const connection of this.#connections) heard += connection.deliver(subject, payload, reply);
    return heard;
  }

  delayMs(use: Use): number {
    const drawn = this.#random.next();
    return this.#slowness[use] * (0.05 + drawn * drawn * (drawn > 0.97 ? 30 : 1.5));
  }
}

export class Connection implements Bus {
  readonly #use: Use;
  readonly #network: SimulatedNetwork;
  readonly #process: SimulatedProcess;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #subscribers = new Map<string, Set<Receive>>();
  readonly #interrupted = new Set<() => void>();
  readonly #broken = new Set<() => void>();
  #connected = true;
  #ended = false;
  #requestsLeft = 0;
  #cutMs = 0;
  /** By direction, rises with each break: what was under way before it is lost. */
  readonly #life = { out: 0, in: 0 };
  /** When the last message that is under way arrives, by direction; nothing overtakes it. */
  readonly #last = { out: 0, in: 0 };
  /** Nothing passes before. */
  readonly #stalled = { out: 0, in: 0 };

  constructor(network: SimulatedNetwork, process: SimulatedProcess, timeline: Timeline, random: Random, use: Use) {
    this.#use = use;
    this.#network = network;
    this.#process = process;
    this.#timeline = timeline;
    this.#random = random;
  }

  get maxPayload(): number {
    return this.#network.maxPayload;
  }

  get connected(): boolean {
    return this.#connected;
  }

  publish(subject: string, payload: Uint8Array, reply?: string): void {
    if (!this.#process.alive) return;
    if (payload.length > this.maxPayload) throw new Error(`a message of ${payload.length} bytes`);
    const copy = payload.slice();
    this.pass('out', subject, () => this.#network.publish(subject, copy, reply, this.#use));
  }

  subscribe(subject: string, receive: Receive): Subscription {
    const receivers = this.#subscribers.get(subject) ?? new Set();
    const own: Receive = (payload, reply) => receive(payload, reply);
    receivers.add(own);
    this.#subscribers.set(subject, receivers);
    return {
      close: () => {
        receivers.delete(own);
        if (receivers.size === 0 && this.#subscribers.get(subject) === receivers) this.#subscribers.delete(subject);
      },
    };
  }

  flush(): Promise<void> {
    return this.roundTrip(async () => undefined).catch(() => undefined);
  }

  onInterrupted(call: () => void): Subscription {
    const own = (): void => call();
    this.#interrupted.add(own);
    return { close: () => void this.#interrupted.delete(own) };
  }

  /** What the server does for a request, and its answer. Rejects if the connection breaks meanwhile: then nobody knows whether it was done. */
  roundTrip<T>(serve: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#connected) {
        reject(new Error('there is no connection'));
        return;
      }
      const life = this.#life.in;
      const broken = this.onInterrupted(() => {
        broken.close();
        reject(new Error('the connection broke before the answer was there'));
      });
      this.pass('out', 'request', () => {
        const served = serve();
        served.catch(() => undefined); // its caller sees it, if the answer arrives
        this.served();
        if (life !== this.#life.in) return;
        this.pass('in', 'answer', () =>
          this.#process.run(() => {
            broken.close();
            served.then(resolve, reject);
          }),
        );
      });
    });
  }

  /** Breaks once the server has done what is asked of it in so many requests, before the last of them is answered. */
  cutAfterRequests(requests: number, awayMs: number): void {
    this.#requestsLeft = requests;
    this.#cutMs = awayMs;
  }

  /** The server has done what one request asks for. */
  served(): void {
    if (--this.#requestsLeft === 0) this.cut(this.#cutMs);
  }

  /** Called at once when it breaks, or its process dies: what the server's side knows. */
  onBroken(call: () => void): Subscription {
    const own = (): void => call();
    this.#broken.add(own);
    return { close: () => void this.#broken.delete(own) };
  }

  /** From the server to its subscribers; how many there are. */
  deliver(subject: string, payload: Uint8Array, reply: string | undefined): number {
    const receivers = this.#subscribers.get(subject);
    if (receivers === undefined || !this.#connected) return 0;
    for (const receive of receivers)
      this.pass('in', subject, () => {
        if (receivers.has(receive)) this.#process.run(() => receive(payload, reply));
      });
    return receivers.size;
  }

  /** Loses what is under way; connects again after a time. */
  cut(awayMs: number): void {
    if (this.#ended) return;
    this.#connected = false;
    this.#life.out++;
    const life = ++this.#life.in;
    this.#stalled.in = this.#stalled.out = 0;
    for (const call of [...this.#broken]) call();
    this.#interruptedNow();
    this.#timeline.after(awayMs + this.#random.next() * 2 * reconnectMs, `${this.#process.name} connects`, () => {
      if (this.#ended || life !== this.#life.in) return;
      if (this.#network.down) return this.cut(reconnectMs);
      this.#connected = true;
      this.#interruptedNow();
    });
  }

  /** Nothing passes for a time; if that is long, the client finds its connection dead, and makes another when it can. */
  stall(direction: Direction, ms: number): void {
    const until = this.#timeline.now + ms;
    if (direction !== 'in') this.#stalled.out = Math.max(this.#stalled.out, until);
    if (direction !== 'out') this.#stalled.in = Math.max(this.#stalled.in, until);
    const life = this.#life.in;
    if (ms < pingsMs) return;
    this.#timeline.after(pingsMs, `${this.#process.name} gives its connection up`, () => {
      if (life === this.#life.in) this.cut(ms - pingsMs);
    });
  }

  /** Its process is dead: what it had handed to its machine may still arrive. */
  end(): void {
    this.#ended = true;
    this.#connected = false;
    this.#life.in++;
    if (this.#random.next() < 0.5) this.#life.out++;
    this.#subscribers.clear();
    for (const call of [...this.#broken]) call();
  }

  /** In its turn, unless the connection breaks before. */
  pass(direction: 'out' | 'in', name: string, arrive: () => void): void {
    if (!this.#connected) {
      this.#network.lost++;
      return;
    }
    const life = this.#life[direction];
    const { now } = this.#timeline;
    const at = Math.max(now + this.#network.delayMs(this.#use), this.#last[direction], this.#stalled[direction]);
    this.#last[direction] = at;
    this.#timeline.after(at - now, `${this.#process.name} ${direction} ${name}`, () => {
      if (life === this.#life[direction]) arrive();
      else this.#network.lost++;
    });
  }

  #interruptedNow(): void {
    for (const call of [...this.#interrupted]) this.#process.run(call);
  }
}

/**
 * A NATS server in memory that real clients talk to, in their protocol.
 *
 * Owns: connections, subscriptions, and who gets a message; that nobody answers. Does not own: how bytes travel between it and a client
 * (whoever connects gives a link), JetStream (simulated-jetstream.ts). It knows neither accounts nor permissions nor queues.
 * Invariants: SN1 messages of one connection reach each subscriber in their order.
 */
import { overlap } from '../../core/index.ts';
import { ClientFrames, type ConnectOptions, deliveredFrame, noBytes, statusHeaders, type WireMessage } from './client-frames.ts';
import { SimulatedJetStream } from './simulated-jetstream.ts';

/** Time, and what happens later. */
export interface ServerClock {
  /** Wall time, ms. */
  now(): number;
  after(delayMs: number, name: string, run: () => void): { cancel(): void };
}
export interface ServerOptions {
  readonly clock: ServerClock;
  /** `2.10.0` */
  readonly version?: string;
  /** 1 MiB. */
  readonly maxPayload?: number;
}
/** The server's end of a connection. */
export interface ClientLink {
  send(bytes: Uint8Array): void;
  /** The server ends it. */
  end(): void;
}
export interface ServerSide {
  receive(bytes: Uint8Array): void;
  /** The client is gone. */
  gone(): void;
}

export class SimulatedServer {
  readonly jetstream: SimulatedJetStream;
  readonly version: string;
  readonly maxPayload: number;
  readonly #clients = new Set<Client>();
  /** What becomes of a message on its way to JetStream: at once, or later. */
  store: (take: () => void) => void = (take) => take();
  /** What becomes of a message on its way to subscribers. Returns how many hear it, as far as the server knows. */
  route: (subject: string, deliver: () => number) => number = (_, deliver) => deliver();

  constructor({ clock, version = '2.10.0', maxPayload = 1 << 20 }: ServerOptions) {
    this.version = version;
    this.maxPayload = maxPayload;
    this.jetstream = new SimulatedJetStream({
      now: () => clock.now(),
      after: (delayMs, name, run) => clock.after(delayMs, name, run),
      publish: (message) => void this.deliver(message),
      hasInterest: (subject) => this.hasInterest(subject),
      minorVersion: Number(version.split('.')[1]),
    });
  }

  connect(link: ClientLink): ServerSide {
    const client = new Client(this, link);
    this.#clients.add(client);
    client.greet();
    return {
      receive: (bytes) => client.receive(bytes),
      gone: () => void this.#clients.delete(client),
    };
  }

  /** It ends, and begins anew on what its disk has. */
  restart(powerLost = false): void {
    for (const client of [...this.#clients]) client.cut();
    this.#clients.clear();
    this.jetstream.restart(powerLost);
  }

  drop(client: Client): void {
    this.#clients.delete(client);
  }

  /** From a client. */
  publish(message: WireMessage, from: Client): void {
    const taken = this.jetstream.isTaken(message.subject);
    const heard = this.route(message.subject, () => this.deliver(message));
    if (taken) this.store(() => this.jetstream.take(message));
    else if (heard === 0 && message.reply !== '' && from.wantsNoResponders)
      this.deliver({ subject: message.reply, reply: '', headers: statusHeaders('503'), data: noBytes });
  }

  /** To all subscribers. @returns how many */
  deliver(message: WireMessage): number {
    let heard = 0;
    for (const client of [...this.#clients]) heard += client.deliver(message.to ?? message.subject, message);
    return heard;
  }

  hasInterest(subject: string): boolean {
    return [...this.#clients].some((client) => client.hasInterest(subject));
  }
}

class Client {
  readonly #server: SimulatedServer;
  readonly #link: ClientLink;
  readonly #frames = new ClientFrames();
  readonly #subscriptions = new Map<string, { readonly subject: string; left: number }>();
  #options: ConnectOptions = {};

  constructor(server: SimulatedServer, link: ClientLink) {
    this.#server = server;
    this.#link = link;
  }

  get wantsNoResponders(): boolean {
    return this.#options.no_responders === true && this.#options.headers === true;
  }

  greet(): void {
    const { version, maxPayload } = this.#server;
    const info = {
      server_id: 'SIMULATED',
      server_name: 'simulated',
      version,
      proto: 1,
      headers: true,
      max_payload: maxPayload,
      jetstream: true,
    };
    this.#say(`INFO ${JSON.stringify(info)} \r\n`);
  }

  receive(bytes: Uint8Array): void {
    for (const frame of this.#frames.feed(bytes)) {
      switch (frame.kind) {
        case 'connect':
          this.#options = frame.options;
          break;
        case 'ping':
          this.#say('PONG\r\n');
          break;
        case 'sub':
          this.#subscriptions.set(frame.sid, { subject: frame.subject, left: Number.POSITIVE_INFINITY });
          this.#server.jetstream.subscribed(frame.subject);
          break;
        case 'unsub':
          this.#unsubscribe(frame.sid, frame.most);
          break;
        case 'pub':
          if (this.#isTooLarge(frame.message)) return;
          this.#server.publish(frame.message, this);
          break;
        case 'pong':
          break;
      }
    }
  }

  #unsubscribe(sid: string, most: number | undefined): void {
    const subscription = this.#subscriptions.get(sid);
    if (subscription !== undefined && most !== undefined && most > 0) subscription.left = most;
    else this.#subscriptions.delete(sid);
  }

  #isTooLarge({ headers, data }: WireMessage): boolean {
    if (headers.length + data.length <= this.#server.maxPayload) return false;
    this.#say("-ERR 'Maximum Payload Violation'\r\n");
    this.#server.drop(this);
    this.cut();
    return true;
  }

  deliver(subject: string, message: WireMessage): number {
    let heard = 0;
    for (const [sid, subscription] of this.#subscriptions) {
      if (!overlap(subscription.subject, subject)) continue;
      heard++;
      this.#link.send(deliveredFrame(sid, message));
      if (--subscription.left <= 0) this.#subscriptions.delete(sid);
    }
    return heard;
  }

  hasInterest(subject: string): boolean {
    for (const { subject: filter } of this.#subscriptions.values()) if (overlap(filter, subject)) return true;
    return false;
  }

  cut(): void {
    this.#link.end();
  }

  #say(text: string): void {
    this.#link.send(Buffer.from(text));
  }
}

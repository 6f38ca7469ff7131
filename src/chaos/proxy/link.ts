/**
 * The way of one process to the server: a port of this machine that leads to the server's, and what happens on it.
 *
 * Owns: the connections that go through it, and their fate. A process knows no other address, so what is done here is done to it alone.
 */
import { createServer, type Server, type Socket, connect } from 'node:net';
import type { Clock, Random } from '../../core/index.ts';
import type { Frame } from './frames.ts';
import { Lane, type Weather } from './lane.ts';

export type Direction = 'out' | 'in' | 'both';
/** What happens to messages that a process sends and waits an answer for. */
export type Disturbance = 'lost' | 'unanswered' | 'twice' | 'late';

const lateMsMin = 300;
const lateMsMax = 3000;

const clear = (): Weather => ({ blocked: false, delay: undefined, publish: undefined, deliver: undefined });

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: readonly Lane[];
}

export class Link {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listener: Server;
  readonly #connections = new Set<Connection>();
  readonly #out: Weather = clear();
  readonly #in: Weather = clear();

  private constructor(listener: Server, targetPort: number, clock: Clock, random: Random) {
    this.#listener = listener;
    this.#clock = clock;
    this.#random = random;
    listener.on('connection', (client) => this.#connected(client, targetPort));
  }

  static async open(targetPort: number, clock: Clock, random: Random): Promise<Link> {
    const listener = createServer();
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    return new Link(listener, targetPort, clock, random);
  }

  get url(): string {
    const address = this.#listener.address();
    return `nats://127.0.0.1:${typeof address === 'object' ? address!.port : ''}`;
  }

  /** All connections end without a word. */
  reset(): number {
    const all = [...this.#connections];
    for (const { client, server } of all) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    return all.length;
  }

  /** Until it is told to go on: nothing of what is sent arrives, and connections stay. */
  block(direction: Direction): () => void {
    return this.#during(
      (weather) => (weather.blocked = true),
      (weather) => (weather.blocked = false),
      direction,
    );
  }

  /** Everything takes between none and twice so long, on each connection another time: what goes over several overtakes. */
  delay(meanMs: number): () => void {
    const delay = (): number => this.#random.next() * 2 * meanMs;
    return this.#during(
      (weather) => (weather.delay = delay),
      (weather) => (weather.delay = undefined),
      'both',
    );
  }

  /** @param share of the messages that are meant, 0 to 1 */
  disturb(how: Disturbance, isMeant: (subject: string) => boolean, share: number): () => void {
    const unanswered = new Set<string>();
    const publish = (frame: Frame, lane: Lane): readonly Buffer[] => {
      if (frame.reply === '' || !isMeant(frame.subject) || this.#random.next() >= share) return [frame.bytes];
      return this.#disturbOne(how, frame, lane, unanswered);
    };
    const deliver = (frame: Frame): readonly Buffer[] => (unanswered.has(frame.subject) ? [] : [frame.bytes]);
    this.#out.publish = publish;
    if (how === 'unanswered') this.#in.deliver = deliver;
    return () => {
      this.#out.publish = undefined;
      this.#in.deliver = undefined;
    };
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => void this.#listener.close(() => resolve()));
  }

  #disturbOne(how: Disturbance, { bytes, reply }: Frame, lane: Lane, unanswered: Set<string>): readonly Buffer[] {
    switch (how) {
      case 'lost':
        return [];
      case 'unanswered':
        unanswered.add(reply);
        return [bytes];
      case 'twice':
        return [bytes, bytes];
      case 'late': {
        const again = Buffer.from(bytes);
        const delayMs = lateMsMin + this.#random.next() * (lateMsMax - lateMsMin);
        this.#clock.setTimer(delayMs, () => lane.insert(again));
        return [bytes];
      }
    }
  }

  #during(begin: (weather: Weather) => void, end: (weather: Weather) => void, direction: Direction): () => void {
    const meant = [...(direction === 'in' ? [] : [this.#out]), ...(direction === 'out' ? [] : [this.#in])];
    const change = (how: (weather: Weather) => void): void => {
      for (const weather of meant) how(weather);
      for (const { lanes } of this.#connections) for (const lane of lanes) lane.go();
    };
    change(begin);
    return () => change(end);
  }

  #connected(client: Socket, targetPort: number): void {
    const server = connect({ host: '127.0.0.1', port: targetPort });
    client.setNoDelay(true);
    server.setNoDelay(true);
    const lanes = [
      new Lane(client, server, 'publish', this.#out, this.#clock),
      new Lane(server, client, 'deliver', this.#in, this.#clock),
    ] as const;
    const connection: Connection = { client, server, lanes };
    this.#connections.add(connection);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {}); // `close` follows
      one.on('end', () => other.end());
      one.on('close', () => {
        // One that broke breaks the other; one that ended has said all it had to.
        if (one.errored !== null) other.resetAndDestroy();
        else other.destroySoon();
        for (const lane of lanes) lane.end();
        this.#connections.delete(connection);
      });
    }
  }
}

/**
 * One consumer of a simulated stream: nothing is acknowledged, and it is forgotten with its server.
 *
 * Owns: which message comes next, requests that wait for messages, and the signs of life. Messages go to the requests in turn, as a real
 * server has it. Does not own: the stream. Consumers that acknowledge are not simulated.
 */
import { WeirError } from '../../core/index.ts';
import { noBytes, statusHeaders, type WireMessage } from './client-frames.ts';
import { isWanted, nanoseconds, type SimulatedStream, type StoredMessage } from './simulated-stream.ts';

export interface ConsumerSettings {
  readonly name?: string;
  readonly durable_name?: string;
  readonly ack_policy?: string;
  readonly deliver_policy?: string;
  readonly opt_start_seq?: number;
  readonly filter_subject?: string;
  readonly filter_subjects?: readonly string[];
  readonly deliver_subject?: string;
  /** Nanoseconds. */
  readonly inactive_threshold?: number;
  readonly idle_heartbeat?: number;
  readonly [setting: string]: unknown;
}
/** What a consumer needs of its server. */
export interface ConsumerWorld {
  /** Of the server that is simulated: 10 of 2.10. */
  readonly minorVersion: number;
  now(): number;
  after(delayMs: number, name: string, run: () => void): { cancel(): void };
  publish(message: WireMessage): void;
  hasInterest(subject: string): boolean;
}
interface Waiting {
  readonly reply: string;
  left: number;
  /** Undefined: any number. */
  bytesLeft: number | undefined;
  readonly end: { cancel(): void } | null;
  beat: { cancel(): void } | null;
}
interface PullWish {
  readonly batch?: number;
  readonly max_bytes?: number;
  readonly expires?: number;
  readonly idle_heartbeat?: number;
  readonly no_wait?: boolean;
}

const nsPerMs = 1e6;
const usualInactiveMs = 5_000;

export class SimulatedConsumer {
  readonly name: string;
  readonly config: ConsumerSettings;
  readonly created: string;
  readonly #stream: SimulatedStream;
  readonly #world: ConsumerWorld;
  readonly #filters: readonly string[];
  /** The ones of a start by the last of each subject, in order. */
  #firstOnes: StoredMessage[] = [];
  #next: number;
  #delivered = 0;
  #lastSeq = 0;
  #pending = 0;
  #waiting: Waiting[] = [];
  #idle: { cancel(): void } | null = null;
  #beat: { cancel(): void } | null = null;
  #gone = false;
  readonly #forget: () => void;

  constructor(name: string, config: ConsumerSettings, stream: SimulatedStream, world: ConsumerWorld, forget: () => void) {
    if (config.ack_policy !== undefined && config.ack_policy !== 'none')
      throw new WeirError('E_NOT_SIMULATED', `a consumer with ack_policy ${config.ack_policy}`);
    this.name = name;
    this.config = { ack_policy: 'none', deliver_policy: 'all', replay_policy: 'instant', max_waiting: 512, ...config, name };
    this.#stream = stream;
    this.#world = world;
    this.#forget = forget;
    this.created = new Date(world.now()).toISOString();
    const { filter_subject, filter_subjects = [] } = config;
    this.#filters = filter_subject === undefined ? filter_subjects : [filter_subject];
    this.#next = this.#start();
    this.#pending = this.#firstOnes.length + stream.countOf(this.#filters, this.#next);
    this.#active();
    this.wake();
  }

  #start(): number {
    const { deliver_policy = 'all', opt_start_seq = 0 } = this.config;
    const { first, last } = this.#stream;
    switch (deliver_policy) {
      case 'all':
        return first;
      case 'by_start_sequence':
        // Older ones begin at the end where that is wanted that is not there yet.
        return Math.min(Math.max(first, opt_start_seq), this.#world.minorVersion < 12 ? last + 1 : Number.POSITIVE_INFINITY);
      case 'new':
        return last + 1;
      case 'last':
        if (this.#filters.length === 0) return last;
        return this.#stream.all().findLast(({ subject }) => isWanted(this.#filters, subject))?.seq ?? last + 1;
      case 'last_per_subject': {
        const wanted = this.#stream.all().filter(({ subject }) => isWanted(this.#filters, subject));
        this.#firstOnes = [...new Map(wanted.map((message) => [message.subject, message])).values()].sort(
          (a, b) => a.seq - b.seq,
        );
        return last + 1;
      }
      default:
        throw new WeirError('E_NOT_SIMULATED', `a consumer with deliver_policy ${deliver_policy}`);
    }
  }

  get info(): Record<string, unknown> {
    const at = { consumer_seq: this.#delivered, stream_seq: this.#lastSeq };
    return {
      stream_name: this.#stream.name,
      name: this.name,
      created: this.created,
      config: this.config,
      delivered: at,
      ack_floor: { consumer_seq: 0, stream_seq: 0 },
      num_ack_pending: 0,
      num_redelivered: 0,
      num_waiting: this.#waiting.length,
      num_pending: this.#pending,
    };
  }

  // ── what happens to its stream

  appended({ subject }: StoredMessage): void {
    if (!isWanted(this.#filters, subject)) return;
    this.#pending++;
    this.wake();
  }

  removed(messages: readonly StoredMessage[]): void {
    const gone = new Set(messages.map(({ seq }) => seq));
    const firstOnes = this.#firstOnes.filter(({ seq }) => !gone.has(seq));
    this.#pending -= this.#firstOnes.length - firstOnes.length;
    this.#firstOnes = firstOnes;
    this.#pending -= messages.filter(({ seq, subject }) => seq >= this.#next && isWanted(this.#filters, subject)).length;
  }

  // ── asking

  ask(reply: string, body: string): void {
    this.#active();
    const wish = (body === '' ? {} : /^\d+$/.test(body) ? { batch: Number(body) } : JSON.parse(body)) as PullWish;
    const { batch = 1, max_bytes, expires = 0, idle_heartbeat = 0, no_wait = false } = wish;
    if (idle_heartbeat > 0 && idle_heartbeat * 2 > expires)
      return this.#say(reply, '400 Bad Request - heartbeat value too large');
    if (no_wait && this.#pending === 0) return this.#say(reply, '404 No Messages');
    const waiting: Waiting = {
      reply,
      left: batch,
      bytesLeft: max_bytes !== undefined && max_bytes > 0 ? max_bytes : undefined,
      end:
        expires === 0 ? null : this.#world.after(expires / nsPerMs, `${this.name}: request ends`, () => this.#expired(waiting)),
      beat: null,
    };
    this.#waiting.push(waiting);
    if (idle_heartbeat > 0) this.#beats(waiting, idle_heartbeat / nsPerMs);
    this.wake();
    if (no_wait && this.#waiting.includes(waiting)) {
      this.#end(waiting);
      this.#say(reply, waiting.left < batch ? '408 Requests Pending' : '404 No Messages');
    }
  }

  #expired(waiting: Waiting): void {
    if (!this.#end(waiting)) return;
    this.#say(waiting.reply, '408 Request Timeout', [
      ['Nats-Pending-Messages', waiting.left],
      ['Nats-Pending-Bytes', waiting.bytesLeft ?? 0],
    ]);
    this.#active();
  }

  #beats(waiting: Waiting, everyMs: number): void {
    waiting.beat = this.#world.after(everyMs, `${this.name}: sign of life`, () => {
      if (!this.#waiting.includes(waiting)) return;
      this.#say(waiting.reply, '100 Idle Heartbeat', this.#whereabouts());
      this.#beats(waiting, everyMs);
    });
  }

  /** False: it was over. */
  #end(waiting: Waiting): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((each) => each !== waiting);
    waiting.end?.cancel();
    waiting.beat?.cancel();
    return this.#waiting.length < before;
  }

  // ── delivering

  /** Gives what there is to whoever waits. */
  wake(): void {
    if (this.#gone) return;
    if (this.config.deliver_subject !== undefined) return this.#push(this.config.deliver_subject);
    for (let message = this.#upcoming(); message !== undefined; message = this.#upcoming()) {
      const waiting = this.#nextWaiting(message);
      if (waiting === undefined) return;
      this.#give(waiting.reply, message);
      if (--waiting.left === 0) this.#end(waiting);
      else this.#waiting.push(...this.#waiting.splice(0, 1));
    }
  }

  #upcoming(): StoredMessage | undefined {
    return this.#firstOnes[0] ?? this.#stream.nextOf(this.#filters, this.#next);
  }

  #nextWaiting(message: StoredMessage): Waiting | undefined {
    for (;;) {
      const [waiting] = this.#waiting;
      if (waiting === undefined) return undefined;
      const size = message.subject.length + this.#place(message).length + message.headers.length + message.data.length;
      if (!this.#world.hasInterest(waiting.reply)) this.#end(waiting);
      else if (waiting.bytesLeft === undefined) return waiting;
      else if (size > waiting.bytesLeft) {
        this.#end(waiting);
        this.#say(waiting.reply, '409 Message Size Exceeds MaxBytes', [
          ['Nats-Pending-Messages', waiting.left],
          ['Nats-Pending-Bytes', waiting.bytesLeft],
        ]);
      } else {
        waiting.bytesLeft -= size;
        if (waiting.bytesLeft === 0) waiting.left = 1;
        return waiting;
      }
    }
  }

  #push(to: string): void {
    if (!this.#world.hasInterest(to)) return;
    for (let message = this.#upcoming(); message !== undefined; message = this.#upcoming()) this.#give(to, message);
    const { idle_heartbeat = 0 } = this.config;
    this.#beat?.cancel();
    if (idle_heartbeat > 0)
      this.#beat = this.#world.after(idle_heartbeat / nsPerMs, `${this.name}: sign of life`, () => {
        this.#say(to, '100 Idle Heartbeat', this.#whereabouts());
        this.#push(to);
      });
  }

  #give(to: string, message: StoredMessage): void {
    if (this.#firstOnes[0] === message) this.#firstOnes.shift();
    else this.#next = message.seq + 1;
    const reply = this.#place(message);
    this.#pending--;
    this.#delivered++;
    this.#lastSeq = message.seq;
    const { subject, headers, data } = message;
    this.#world.publish({ subject, reply, headers, data, to });
  }

  /** `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>` */
  #place(message: StoredMessage): string {
    const at = [1, message.seq, this.#delivered + 1, nanoseconds(message), this.#pending - 1];
    return `$JS.ACK.${this.#stream.name}.${this.name}.${at.join('.')}`;
  }

  #whereabouts(): [string, number][] {
    return [
      ['Nats-Last-Consumer', this.#delivered],
      ['Nats-Last-Stream', this.#lastSeq],
    ];
  }

  #say(subject: string, status: string, lines: readonly (readonly [string, string | number])[] = []): void {
    this.#world.publish({ subject, reply: '', headers: statusHeaders(status, lines), data: noBytes });
  }

  // ── its end

  #active(): void {
    this.#idle?.cancel();
    const ms = (this.config.inactive_threshold ?? 0) / nsPerMs || usualInactiveMs;
    this.#idle = this.#world.after(ms, `${this.name} is idle`, () => {
      const to = this.config.deliver_subject;
      if (this.#waiting.length > 0 || (to !== undefined && this.#world.hasInterest(to))) return this.#active();
      this.close();
      this.#forget();
    });
  }

  /** @param said what those who wait are told */
  close(said?: string): void {
    this.#gone = true;
    this.#idle?.cancel();
    this.#beat?.cancel();
    for (const waiting of [...this.#waiting]) {
      this.#end(waiting);
      if (said !== undefined) this.#say(waiting.reply, said);
    }
  }
}

/**
 * The messages of one consumer from a sequence on, until it breaks.
 *
 * Owns: its consumer (ephemeral, nothing is acknowledged; who makes it, source-consumers.ts), asking for messages as far as there is room, and noticing that it
 * no longer is one unbroken sequence: a gap, a silence, a server that says so. Whoever reads then makes a new one behind the
 * last message. Does not own: whether the stream still is the same (source-stream.ts).
 * Invariants: JD1 messages come in the order of the stream, each delivery following the one before; JD2 a message behind a hole
 * in the sequences is given only once the stream says that retention did not make the hole.
 */
import type { StreamInfo } from '@nats-io/jetstream';
import { type Msg, nanos, type Subscription } from '@nats-io/transport-node';
import { type Clock, type Timer, WeirError } from '../../core/index.ts';
import { MessagePulls } from './message-pulls.ts';
import { type StreamMessage, streamMessage } from './stream-message.ts';
import type { SourceConsumers } from './source-consumers.ts';
import { natsError } from './source-errors.ts';
import type { SourceStream } from './source-stream.ts';

const expiresMs = 2000;
const heartbeatMs = 500;
const silentMsMax = 1500;

export interface DeliveryOptions {
  readonly stream: SourceStream;
  readonly consumers: SourceConsumers;
  readonly filter: string | undefined;
  /** The last sequence that is not wanted. */
  readonly behind: number;
  readonly clock: Clock;
  /** Looks at the stream's state once a hole was found. @throws to end the delivery for good */
  readonly checkHoles: (info: StreamInfo, holes: readonly Hole[]) => void;
  /** Something changed: a message can be taken, or it broke. */
  readonly wake: () => void;
}
/** Sequences that were not delivered, both included. */
export interface Hole {
  readonly from: number;
  readonly to: number;
}

export class MessageDelivery {
  readonly #o: DeliveryOptions;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #pulls = new MessagePulls();
  readonly #silence: Timer[] = [];
  #queue: StreamMessage[] = [];
  #bytes = 0;
  #deliveries = 0;
  #last: number;
  /** How many of the queue, from its begin, may be taken. */
  #clear = 0;
  #holes: Hole[] = [];
  #checking = false;
  #heardAt: number;
  #broken: { readonly reason: string } | null = null;
  #error: WeirError | null = null;
  #closed = false;
  /** Something came over it, if only a sign of life. */
  heard = false;
  #drained: boolean;
  /** It had everything, and has been asking for more ever since: retention removes nothing before that is delivered. */
  #caughtUp: boolean;

  static async open(options: DeliveryOptions): Promise<MessageDelivery> {
    const { consumers, filter, behind } = options;
    const { name, pending } = await consumers.make(filter, behind);
    return new MessageDelivery(options, name, pending === 0);
  }

  private constructor(options: DeliveryOptions, consumer: string, drained: boolean) {
    const { stream, clock, behind } = options;
    this.#o = options;
    this.#consumer = consumer;
    this.#last = behind;
    this.#drained = drained;
    this.#caughtUp = drained;
    this.#inbox = stream.shared.inbox();
    this.#heardAt = clock.monotonic();
    this.#subscription = stream.shared.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => this.#received(error, message),
    });
    this.#ask();
    this.#listen();
  }

  /** Why it gives nothing more behind what waits here. */
  get broken(): string | undefined {
    return this.#broken?.reason;
  }

  /** Everything that the stream had for it was taken. */
  get ended(): boolean {
    return this.#drained && this.#queue.length === 0;
  }

  /** The next message, if it is there. @throws what ends reading for good */
  take(): StreamMessage | undefined {
    if (this.#clear === 0) {
      if (this.#error !== null) throw this.#error;
      return undefined;
    }
    const message = this.#queue.shift()!;
    this.#clear--;
    this.#bytes -= message.size;
    this.#ask();
    return message;
  }

  /** Gives up what waits here; the consumer goes, at the latest by itself. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#quiet();
    const { stream, consumers } = this.#o;
    if (!stream.shared.watch.connected) return;
    await consumers.drop(this.#consumer).catch(() => undefined); // it ends after a minute
  }

  break(reason: string): void {
    if (this.#broken !== null || this.#closed) return;
    this.#broken = { reason };
    this.#quiet();
    this.#o.wake();
  }

  /** For good, unless it is only that the server is away. */
  #fail(thrown: unknown): void {
    if (this.#closed) return;
    const error = natsError(thrown, this.#o.stream.label);
    if (error.code !== 'E_BROKER' || error.retry === 'never') this.#error = error;
    this.break(error.message);
    this.#o.wake();
  }

  #quiet(): void {
    this.#subscription.unsubscribe();
    for (const timer of this.#silence.splice(0)) timer.cancel();
  }

  #ask(): void {
    if (this.#broken !== null || this.#closed) return;
    const { stream } = this.#o;
    const request = this.#pulls.due(this.#queue.length, this.#bytes);
    if (request === null) {
      if (this.#pulls.outstanding === 0) this.#caughtUp = false;
      return;
    }
    const wish = {
      batch: request.batch,
      max_bytes: request.bytes,
      expires: nanos(expiresMs),
      idle_heartbeat: nanos(heartbeatMs),
    };
    if (this.#pulls.outstanding === request.batch) this.#heardAt = this.#o.clock.monotonic();
    try {
      stream.shared.connection.publish(this.#nextSubject, JSON.stringify(wish), { reply: `${this.#inbox}.${request.id}` });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A server that owes messages gives a sign of life every half second. */
  #listen(): void {
    const { clock } = this.#o;
    this.#silence[0] = clock.setTimer(heartbeatMs, () => {
      if (this.#pulls.outstanding === 0 || clock.monotonic() - this.#heardAt <= silentMsMax) return this.#listen();
      const denied = this.#o.stream.shared.watch.denied(this.#nextSubject);
      if (denied === undefined) this.break('the server is silent');
      else this.#fail(denied);
    });
  }

  get #nextSubject(): string {
    const { apiPrefix, name } = this.#o.stream;
    return `${apiPrefix}.CONSUMER.MSG.NEXT.${name}.${this.#consumer}`;
  }

  #received(error: Error | null, message: Msg): void {
    if (this.#broken !== null || this.#closed) return;
    if (error !== null) return this.#fail(error);
    this.#heardAt = this.#o.clock.monotonic();
    try {
      if (message.subject.startsWith(this.#inbox)) this.#status(message);
      else this.#message(streamMessage(message));
    } catch (thrown) {
      return this.#fail(thrown);
    }
    this.#ask();
  }

  #status({ subject, headers }: Msg): void {
    const { code = 0, description = '' } = headers ?? {};
    const request = Number(subject.slice(this.#inbox.length + 1));
    if (code === 503) return this.break('the consumer is gone');
    if (code === 400) return this.#fail(new WeirError('E_SOURCE', `${this.#o.stream.label}: ${description}`));
    this.heard = true;
    if (code === 404 || code === 408) this.#pulls.ended(request);
    else if (code === 409 && /maxbytes/i.test(description)) this.#pulls.tooSmall(request);
    else if (code === 409 && /batch completed/i.test(description)) this.#pulls.ended(request);
    else if (code === 409) this.break(description);
  }

  #message(message: StreamMessage): void {
    if (message.delivery !== this.#deliveries + 1)
      return this.break(`delivery ${message.delivery} came after delivery ${this.#deliveries}`);
    this.heard = true;
    this.#deliveries++;
    this.#pulls.arrived();
    this.#drained = message.pending === 0;
    // Behind 0 is wherever the stream begins.
    const follows = this.#last === 0 || message.sequence === this.#last + 1;
    const hole = !follows && !(this.#caughtUp && this.#o.filter !== undefined);
    this.#caughtUp = message.pending === 0;
    if (hole) this.#holes.push({ from: this.#last + 1, to: message.sequence - 1 });
    this.#last = message.sequence;
    this.#queue.push(message);
    this.#bytes += message.size;
    if (!hole && this.#clear === this.#queue.length - 1) this.#clear++;
    else if (!this.#checking) void this.#check();
    this.#o.wake();
  }

  /** One question at a time, for all holes that there are by then. */
  async #check(): Promise<void> {
    this.#checking = true;
    try {
      while (this.#clear < this.#queue.length && !this.#closed) {
        const [last, holes] = [this.#last, this.#holes.splice(0)];
        const info = await this.#o.stream.info();
        this.#o.checkHoles(info, holes);
        this.#clear = this.#queue.findLastIndex(({ sequence }) => sequence <= last) + 1;
        if (this.#holes.length === 0) this.#clear = this.#queue.length;
        this.#o.wake();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#checking = false;
    }
  }
}

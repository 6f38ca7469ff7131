/**
 * Channels over NATS: one generation's, of one worker.
 *
 * Owns: the subjects, the subscriptions and the heartbeats. `<prefix>.<generation>.to.<edge>.<subtask>` is the inbox of a
 * receiving subtask, `….from.<edge>.<subtask>` takes the grants of a sending one; the channel is in the header. A message of
 * another generation has another subject, so that it is not even delivered.
 * Invariants: those of channel.ts; H6 after an interruption of its connection a transport fails: what it lost is not known.
 */
import { type Clock, type Logger, type Timer, WeirError } from '../../core/index.ts';
import type { Bus, Subscription } from '../bus.ts';
import type { ChannelId, ChannelReceiver, ChannelSender, Transport } from '../channel.ts';
import { defaultWindow, type Window } from '../credit.ts';
import { decodeFrame, headerBytes, type WireFrame } from './frame-codec.ts';
import { ReceivingChannel } from './receiving-channel.ts';
import { SendingChannel } from './sending-channel.ts';

export interface NatsTransportOptions {
  readonly bus: Bus;
  /** Tokens that are the job's alone. */
  readonly prefix: string;
  readonly generation: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly window?: Window;
  /** Bytes of one message at most (256 KiB, or what the server takes). */
  readonly messageBytesMax?: number;
}

const messageBytesMax = 256 << 10;
/** Time between two heartbeats of a channel, ms. */
const heartbeatMs = 500;

export class NatsTransport implements Transport {
  readonly #o: NatsTransportOptions;
  readonly #pieceBytesMax: number;
  readonly #senders = new Map<string, SendingChannel>();
  readonly #receivers = new Map<string, ReceivingChannel>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #interruptions: Subscription;
  #flushed: Promise<void> | null = null;
  #failed: (error: WeirError) => void = () => {};
  #closed = false;
  #beat: Timer;

  constructor(options: NatsTransportOptions) {
    this.#o = options;
    this.#pieceBytesMax = Math.min(options.messageBytesMax ?? messageBytesMax, options.bus.maxPayload) - headerBytes;
    this.#beat = this.#nextBeat();
    this.#interruptions = options.bus.onInterrupted(() =>
      this.#fail(new WeirError('E_BROKER', 'the connection to NATS was interrupted')),
    );
  }

  onFailed(call: (error: WeirError) => void): void {
    this.#failed = call;
  }

  sender(id: ChannelId): ChannelSender {
    const known = this.#senders.get(nameOf(id));
    if (known !== undefined) return known;
    const sender = new SendingChannel(this.#site(id, this.#subject('to', id.edge, id.to)));
    this.#senders.set(nameOf(id), sender);
    if (this.#closed) sender.close();
    else this.#listen('from', id.edge, id.from);
    return sender;
  }

  receiver(id: ChannelId): ChannelReceiver {
    const known = this.#receivers.get(nameOf(id));
    if (known !== undefined) return known;
    const receiver = new ReceivingChannel({
      ...this.#site(id, this.#subject('from', id.edge, id.from)),
      window: this.#o.window ?? defaultWindow,
      subscribed: () => this.#subscribed(),
      failed: (error) => this.#fail(error),
    });
    this.#receivers.set(nameOf(id), receiver);
    if (this.#closed) receiver.close();
    else this.#listen('to', id.edge, id.to);
    return receiver;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#beat.cancel();
    this.#interruptions.close();
    for (const subscription of this.#subscriptions.values()) subscription.close();
    for (const channel of [...this.#senders.values(), ...this.#receivers.values()]) channel.close();
  }

  #site(channel: ChannelId, subject: string) {
    const { bus, generation } = this.#o;
    return {
      channel,
      generation,
      pieceBytesMax: this.#pieceBytesMax,
      publish: (message: Uint8Array) => {
        if (!this.#closed) bus.publish(subject, message);
      },
    };
  }

  #subject(end: 'to' | 'from', edge: number, subtask: number): string {
    return `${this.#o.prefix}.${this.#o.generation}.${end}.${edge}.${subtask}`;
  }

  #listen(end: 'to' | 'from', edge: number, subtask: number): void {
    const subject = this.#subject(end, edge, subtask);
    if (this.#subscriptions.has(subject)) return;
    this.#subscriptions.set(
      subject,
      this.#o.bus.subscribe(subject, (payload) => this.#arrived(subject, payload)),
    );
    this.#flushed = null;
  }

  /** One flush for all the channels that open together. */
  #subscribed(): Promise<void> {
    this.#flushed ??= this.#o.bus.flush();
    return this.#flushed;
  }

  #arrived(subject: string, message: Uint8Array): void {
    const decoded = decodeFrame(message);
    if (decoded.kind === 'garbage') {
      this.#o.logger.warn({ subject, bytes: message.length }, 'a message that is none of ours was dropped');
    } else if (decoded.kind === 'damaged') {
      if (decoded.generation === this.#o.generation) this.#receivers.get(nameOf(decoded.channel))?.damaged();
    } else if (decoded.frame.generation === this.#o.generation) {
      this.#pass(decoded.frame);
    }
  }

  #pass(frame: WireFrame): void {
    const name = nameOf(frame.channel);
    if (frame.kind === 'grant') this.#senders.get(name)?.granted(frame.payload, frame.sequence);
    else this.#receivers.get(name)?.arrived(frame);
  }

  #nextBeat(): Timer {
    return this.#o.clock.setTimer(heartbeatMs, () => {
      for (const channel of [...this.#senders.values(), ...this.#receivers.values()]) channel.beat();
      this.#beat = this.#nextBeat();
    });
  }

  #fail(error: WeirError): void {
    if (this.#closed) return;
    this.close();
    this.#failed(error);
  }
}

const nameOf = ({ edge, from, to }: ChannelId): string => `${edge}/${from}/${to}`;

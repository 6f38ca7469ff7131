/**
 * Channels inside one process: a bounded queue by reference.
 *
 * Owns: one generation's queues. With `codec` every batch goes through its wire form, so that tests see what a network
 * would carry. Invariants: those of channel.ts (H1 to H3) and credit.ts.
 */
import { type Batch, decodeBatch, encodeBatch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { ChannelId, ChannelReceiver, ChannelSender, Frame, Transport } from '../channel.ts';
import { defaultWindow, ReceiverCredit, SenderCredit, type Window } from '../credit.ts';
import { FrameQueue } from '../frame-queue.ts';

export interface MemoryTransportOptions {
  readonly window?: Window;
  /** Encode and decode every batch (false). */
  readonly codec?: boolean;
}

export class MemoryTransport implements Transport {
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #options: MemoryTransportOptions;
  #closed = false;

  constructor(options: MemoryTransportOptions = {}) {
    this.#options = options;
  }

  sender(id: ChannelId): ChannelSender {
    return this.#channel(id).sender;
  }

  receiver(id: ChannelId): ChannelReceiver {
    return this.#channel(id).receiver;
  }

  /** Never: nothing is lost in memory. */
  onFailed(): void {}

  close(): void {
    this.#closed = true;
    for (const channel of this.#channels.values()) channel.close();
  }

  #channel(id: ChannelId): MemoryChannel {
    const key = `${id.edge}/${id.from}/${id.to}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new MemoryChannel(key, this.#options);
      if (this.#closed) channel.close();
      this.#channels.set(key, channel);
    }
    return channel;
  }
}

const none = (): void => {};

class MemoryChannel {
  readonly sender: ChannelSender;
  readonly receiver: ChannelReceiver;
  readonly #name: string;
  readonly #codec: boolean;
  readonly #sent = new SenderCredit();
  readonly #taken: ReceiverCredit;
  /** Both ends must count the same sizes. */
  readonly #queue = new FrameQueue();
  #opened = false;
  #closed = false;
  #wakeSender: () => void = none;
  #wakeReceiver: () => void = none;

  constructor(name: string, options: MemoryTransportOptions) {
    this.#name = name;
    this.#codec = options.codec ?? false;
    this.#taken = new ReceiverCredit(options.window ?? defaultWindow);
    this.sender = this.#senderEnd();
    this.receiver = this.#receiverEnd();
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#wakeSender = none;
    this.#wakeReceiver = none;
  }

  #senderEnd(): ChannelSender {
    const channel = this;
    return {
      get writable() {
        return channel.#sent.available;
      },
      send: (frame) => channel.#send(frame),
      onWritable: (wake) => {
        channel.#wakeSender = wake;
      },
      close: () => channel.close(),
    };
  }

  #receiverEnd(): ChannelReceiver {
    const channel = this;
    return {
      open: () => channel.#onOpen(),
      get pending() {
        return channel.#opened ? channel.#queue.length : 0;
      },
      peek: () => (channel.#opened ? channel.#queue.peek() : undefined),
      take: () => channel.#take(),
      onReadable: (wake) => {
        channel.#wakeReceiver = wake;
      },
      close: () => channel.close(),
    };
  }

  #send(frame: Frame): void {
    if (this.#closed) return;
    if (frame.kind === 'data') {
      if (!this.#sent.available) throw new WeirError('E_INTERNAL', `H2: channel ${this.#name} has no credit for a data frame`);
      const bytes = frame.batch.byteSize;
      this.#sent.spend(bytes);
      this.#queue.push(this.#codec ? { kind: 'data', batch: throughCodec(frame.batch) } : frame, bytes);
    } else {
      this.#queue.push(frame, 0);
    }
    if (this.#opened) this.#wakeReceiver();
  }

  #onOpen(): void {
    this.#opened = true;
    this.#grant(this.#taken.current);
    if (this.#queue.length > 0) this.#wakeReceiver();
  }

  #take(): Frame | undefined {
    const entry = this.#opened ? this.#queue.take() : undefined;
    if (entry === undefined) return undefined;
    if (entry.frame.kind === 'data') this.#grant(this.#taken.took(entry.bytes));
    return entry.frame;
  }

  #grant(grant: { frames: number; bytes: number }): void {
    this.#sent.grant(grant);
    this.#wakeSender();
  }
}

function throughCodec(batch: Batch): Batch {
  return decodeBatch(encodeBatch(batch));
}

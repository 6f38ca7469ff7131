import type { WeirError } from '../core/index.ts';
import type { ChannelId, ChannelReceiver, ChannelSender, Transport } from './channel.ts';

/** Channels between subtasks of one worker in memory, all others over the network. */
export class PlacedTransport implements Transport {
  readonly #local: Transport;
  readonly #remote: Transport;
  readonly #isLocal: (id: ChannelId) => boolean;

  constructor(local: Transport, remote: Transport, isLocal: (id: ChannelId) => boolean) {
    this.#local = local;
    this.#remote = remote;
    this.#isLocal = isLocal;
  }

  sender(id: ChannelId): ChannelSender {
    return this.#of(id).sender(id);
  }

  receiver(id: ChannelId): ChannelReceiver {
    return this.#of(id).receiver(id);
  }

  onFailed(call: (error: WeirError) => void): void {
    this.#local.onFailed(call);
    this.#remote.onFailed(call);
  }

  close(): void {
    this.#local.close();
    this.#remote.close();
  }

  #of(id: ChannelId): Transport {
    return this.#isLocal(id) ? this.#local : this.#remote;
  }
}

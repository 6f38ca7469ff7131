/**
 * Channels between the threads of one process: one generation's, of one worker.
 *
 * Owns: the subjects. A channel has two, one for its frames and one for its grants; the generation is in both, so that what an older
 * one still says reaches nobody. A batch is copied once, into a message whose memory moves to the receiver: there it is a view.
 * Invariants: those of channel.ts; H1 and H3 rest on TH1 and are held against the frames' numbers.
 */
import { WeirError } from '../../core/index.ts';
import type { Subscription } from '../bus.ts';
import type { ChannelId, ChannelReceiver, ChannelSender, Transport } from '../channel.ts';
import { defaultWindow, type Window } from '../credit.ts';
import type { PortLinks } from './port-links.ts';
import { PortReceiver } from './port-receiver.ts';
import { PortSender } from './port-sender.ts';

export interface PortTransportOptions {
  readonly links: PortLinks;
  readonly generation: number;
  readonly window?: Window;
}

export class PortTransport implements Transport {
  readonly #o: PortTransportOptions;
  readonly #senders = new Map<string, PortSender>();
  readonly #receivers = new Map<string, PortReceiver>();
  readonly #broken: Subscription;
  #failed: (error: WeirError) => void = () => {};
  #closed = false;

  constructor(options: PortTransportOptions) {
    this.#o = options;
    this.#broken = options.links.onBroken(() =>
      this.#fail(new WeirError('E_CHANNEL', 'a message between two threads could not be read')),
    );
  }

  onFailed(call: (error: WeirError) => void): void {
    this.#failed = call;
  }

  sender(id: ChannelId): ChannelSender {
    return known(this.#senders, nameOf(id), () => new PortSender(this.#site(id)), this.#closed);
  }

  receiver(id: ChannelId): ChannelReceiver {
    const make = (): PortReceiver => new PortReceiver(this.#site(id), this.#o.window ?? defaultWindow);
    return known(this.#receivers, nameOf(id), make, this.#closed);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#broken.close();
    for (const end of [...this.#senders.values(), ...this.#receivers.values()]) end.close();
  }

  #site(id: ChannelId) {
    const name = `${this.#o.generation}/${nameOf(id)}`;
    const failed = (error: WeirError): void => this.#fail(error);
    return { links: this.#o.links, name, frames: `frames ${name}`, grants: `grants ${name}`, failed };
  }

  #fail(error: WeirError): void {
    if (this.#closed) return;
    this.close();
    this.#failed(error);
  }
}

const nameOf = ({ edge, from, to }: ChannelId): string => `${edge}/${from}/${to}`;

function known<T extends { close(): void }>(ends: Map<string, T>, name: string, make: () => T, isClosed: boolean): T {
  let end = ends.get(name);
  if (end !== undefined) return end;
  end = make();
  ends.set(name, end);
  if (isClosed) end.close();
  return end;
}

/** Channels whose senders are here and whose receivers are in a real worker thread, which is called while this one stands still. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { decodeBatch } from '../../src/batch/index.ts';
import type { ChannelId, ChannelReceiver, ChannelSender, Frame, Transport, Window } from '../../src/transport/index.ts';
import { PortLinks, PortTransport } from '../../src/transport/index.ts';
import type { Ends } from './channel-contract.ts';

export type Call = { readonly transport: number } & (
  | { readonly what: 'make'; readonly port: MessagePort; readonly window: Window }
  | { readonly what: 'closeAll' }
  | { readonly what: 'receiver' | 'open' | 'close' | 'pending' | 'peek' | 'take'; readonly id: ChannelId }
  | { readonly what: 'onReadable'; readonly id: ChannelId; readonly wake: number }
);

const answerMs = 10_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class ReceivingThread {
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #calls = new MessageChannel();
  readonly #worker: Worker;
  readonly #wakes: (() => void)[] = [];
  readonly #links: PortLinks[] = [];
  #pong = (): void => {};

  constructor() {
    const { port2: calls } = this.#calls;
    this.#worker = new Worker(new URL('./receiving-thread.mjs', import.meta.url), {
      workerData: { calls, answered: this.#answered },
      transferList: [calls],
    });
    this.#worker.on('message', (said: number | 'pong') => (said === 'pong' ? this.#pong() : this.#wakes[said]!()));
  }

  /** Resolves once it runs. */
  ready(): Promise<void> {
    return this.#ping();
  }

  ends(window: Window): Ends {
    const { port1, port2 } = new MessageChannel();
    const links = new PortLinks();
    links.add(port1);
    const transport = this.#links.push(links);
    this.#call({ what: 'make', transport, port: port2, window }, [port2]);
    const settle = async (): Promise<void> => {
      for (let round = 0; round < 2; round++) {
        await links.flush();
        await this.#ping();
        await turn();
      }
    };
    return { sending: new PortTransport({ links, generation: 7, window }), receiving: this.#receivers(transport), settle };
  }

  async end(): Promise<void> {
    for (const links of this.#links) links.close();
    this.#calls.port1.close();
    await this.#worker.terminate();
  }

  #receivers(transport: number): Transport {
    return {
      sender: (): ChannelSender => {
        throw new Error('its senders are elsewhere');
      },
      receiver: (id) => this.#receiver(transport, id),
      onFailed: () => {},
      close: () => void this.#call({ what: 'closeAll', transport }),
    };
  }

  #receiver(transport: number, id: ChannelId): ChannelReceiver {
    const call = (what: 'receiver' | 'open' | 'close' | 'pending' | 'peek' | 'take'): unknown =>
      this.#call({ what, transport, id });
    const frame = (cloned: unknown): Frame | undefined =>
      cloned instanceof Uint8Array ? { kind: 'data', batch: decodeBatch(cloned) } : (cloned as Frame | undefined);
    call('receiver');
    return {
      open: () => void call('open'),
      close: () => void call('close'),
      get pending() {
        return call('pending') as number;
      },
      peek: () => frame(call('peek')),
      take: () => frame(call('take')),
      onReadable: (wake) => void this.#call({ what: 'onReadable', transport, id, wake: this.#wakes.push(wake) - 1 }),
    };
  }

  #call(call: Call, transfer: MessagePort[] = []): unknown {
    const { port1 } = this.#calls;
    Atomics.store(this.#answered, 0, 0);
    port1.postMessage(call, transfer);
    if (Atomics.wait(this.#answered, 0, 0, answerMs) === 'timed-out') throw new Error(`no answer to ${call.what}`);
    return (receiveMessageOnPort(port1) as { message: unknown }).message;
  }

  #ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pong = resolve;
      this.#worker.postMessage('ping');
    });
  }
}

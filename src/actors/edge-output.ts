/**
 * One outgoing edge of a subtask: routes batches to channels, and keeps what has no credit yet.
 *
 * Owns: partitioning (forward, rebalance, hash by the routing table), the order per channel, the throttling of its stage.
 * Invariants: EO1 frames leave each channel in the order in which they were pushed, control frames behind held-back data
 * included; EO2 nothing new is taken while anything is held back (`ready`), so that what is held is at most one push.
 */
import type { Batch } from '../batch/index.ts';
import type { ChannelSender, Frame } from '../transport/index.ts';
import type { Item, ItemTarget } from './chain.ts';

/** Which channel each row of a batch goes to: pairs of channel and rows. */
export type Router = (batch: Batch) => readonly { readonly channel: number; readonly batch: Batch }[];

export class EdgeOutput implements ItemTarget {
  readonly #channels: readonly ChannelSender[];
  readonly #held: Frame[][];
  readonly #route: Router;
  #heldCount = 0;
  #watermark = -Infinity;

  constructor(channels: readonly ChannelSender[], route: Router, wake: () => void) {
    this.#channels = channels;
    this.#route = route;
    this.#held = channels.map(() => []);
    for (const channel of channels) channel.onWritable(wake);
  }

  get ready(): boolean {
    return this.#heldCount === 0 || this.#flush();
  }

  push(item: Item): void {
    switch (item.kind) {
      case 'batch':
        for (const { channel, batch } of this.#route(item.batch)) this.#send(channel, { kind: 'data', batch });
        return;
      case 'watermark':
        if (item.watermark <= this.#watermark) return;
        this.#watermark = item.watermark;
        return this.#sendAll(item);
      case 'idle':
      case 'barrier':
      case 'end':
        return this.#sendAll(item);
      case 'split': // splits are known in their source's stage only
      case 'time': // each stage has its own clock
      case 'first read': // and its own inputs
        return;
    }
  }

  #sendAll(frame: Frame): void {
    for (let channel = 0; channel < this.#channels.length; channel++) this.#send(channel, frame);
  }

  #send(channel: number, frame: Frame): void {
    const held = this.#held[channel]!;
    if (held.length === 0 && this.#accepts(channel, frame)) {
      this.#channels[channel]!.send(frame);
    } else {
      held.push(frame);
      this.#heldCount++;
    }
  }

  #accepts(channel: number, frame: Frame): boolean {
    return frame.kind !== 'data' || this.#channels[channel]!.writable;
  }

  #flush(): boolean {
    this.#held.forEach((held, channel) => {
      let sent = 0;
      while (sent < held.length && this.#accepts(channel, held[sent]!)) this.#channels[channel]!.send(held[sent++]!);
      held.splice(0, sent);
      this.#heldCount -= sent;
    });
    return this.#heldCount === 0;
  }
}

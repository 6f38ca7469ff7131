/**
 * The sender's end of a channel over NATS.
 *
 * Owns: sequence numbers, fragments, and what waits for the receiver: nothing is published before the first grant, which says
 * that somebody is subscribed. Invariants: H1, H2 of channel.ts; H4 no frame precedes its receiver's subscription.
 */
import { encodeBatch, packValue, unpackValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { ChannelId, ChannelSender, Frame } from '../channel.ts';
import { type Grant, SenderCredit } from '../credit.ts';
import { encodeFrame, encodeInPlace, type FrameKind, headerBytes } from './frame-codec.ts';

export interface ChannelSite {
  readonly channel: ChannelId;
  readonly generation: number;
  /** Bytes of payload that one message may have. */
  readonly pieceBytesMax: number;
  readonly publish: (message: Uint8Array) => void;
}

export class SendingChannel implements ChannelSender {
  readonly #site: ChannelSite;
  readonly #credit = new SenderCredit();
  /** Control frames from before the first grant. */
  #waiting: Uint8Array[] | null = [];
  #sequence = 0;
  /** Up to this frame all have come, as the receiver said. */
  #knownSequence = 0;
  #closed = false;
  #wake = (): void => {};

  constructor(site: ChannelSite) {
    this.#site = site;
  }

  get writable(): boolean {
    return this.#credit.available;
  }

  send(frame: Frame): void {
    if (this.#closed) return;
    if (frame.kind !== 'data') return this.#sendPieces('control', packValue(frame));
    const { edge, from, to } = this.#site.channel;
    if (!this.writable) throw new WeirError('E_INTERNAL', `H2: channel ${edge}/${from}/${to} has no credit for a data frame`);
    const bytes = encodeBatch(frame.batch, headerBytes);
    this.#credit.spend(bytes.length);
    if (bytes.length > this.#site.pieceBytesMax) return this.#sendPieces('data', bytes);
    const { channel, generation } = this.#site;
    this.#pass(encodeInPlace({ kind: 'data', more: false, channel, generation, sequence: ++this.#sequence, payload: bytes }));
  }

  onWritable(wake: () => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = null;
    this.#wake = () => {};
  }

  /** The receiver is there, has all frames up to `sequence`, and allows so much since the channel began. */
  granted(payload: Uint8Array, sequence: number): void {
    if (this.#closed) return;
    this.#knownSequence = Math.max(this.#knownSequence, sequence);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const message of waiting) this.#site.publish(message);
    this.#credit.grant(unpackValue(payload) as Grant);
    this.#wake();
  }

  /** Says the last sequence until the receiver says that it has it, so that the loss of the last frame, or of a grant, is found. Silent then. */
  beat(): void {
    if (this.#closed || this.#waiting !== null || (this.writable && this.#knownSequence === this.#sequence)) return;
    this.#publish('heartbeat', false, this.#sequence, new Uint8Array(0));
  }

  #sendPieces(kind: FrameKind, payload: Uint8Array): void {
    const { pieceBytesMax } = this.#site;
    for (let at = 0; ; at += pieceBytesMax) {
      const more = at + pieceBytesMax < payload.length;
      this.#publish(kind, more, ++this.#sequence, payload.subarray(at, at + pieceBytesMax));
      if (!more) return;
    }
  }

  #publish(kind: FrameKind, more: boolean, sequence: number, payload: Uint8Array): void {
    const { channel, generation } = this.#site;
    this.#pass(encodeFrame({ kind, more, channel, generation, sequence, payload }));
  }

  #pass(message: Uint8Array): void {
    if (this.#waiting !== null) this.#waiting.push(message);
    else this.#site.publish(message);
  }
}

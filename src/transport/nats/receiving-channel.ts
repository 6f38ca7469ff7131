/**
 * The receiver's end of a channel over NATS.
 *
 * Owns: the order of what arrives, and the reassembly of fragments. A sequence that is missing fails the channel for good: what
 * was lost cannot be had again. Invariants: H1, H3 of channel.ts; H5 a repeated frame changes nothing.
 */
import { decodeBatch, packValue, unpackValue } from '../../batch/index.ts';
import { type ErrorCode, WeirError } from '../../core/index.ts';
import type { ChannelReceiver, Frame } from '../channel.ts';
import { type Grant, ReceiverCredit, type Window } from '../credit.ts';
import { FrameQueue } from '../frame-queue.ts';
import { encodeFrame, type WireFrame } from './frame-codec.ts';
import type { ChannelSite } from './sending-channel.ts';

export interface ReceivingSite extends ChannelSite {
  readonly window: Window;
  /** Resolves once the server knows the channel's subscription. */
  readonly subscribed: () => Promise<void>;
  readonly failed: (error: WeirError) => void;
}

export class ReceivingChannel implements ChannelReceiver {
  readonly #site: ReceivingSite;
  readonly #credit: ReceiverCredit;
  readonly #queue = new FrameQueue();
  #pieces: Uint8Array[] = [];
  #received = 0;
  /** The sender has answered the first grant. */
  #heardOf = false;
  #state: 'new' | 'opening' | 'open' | 'over' = 'new';
  #wake = (): void => {};

  constructor(site: ReceivingSite) {
    this.#site = site;
    this.#credit = new ReceiverCredit(site.window);
  }

  open(): void {
    if (this.#state !== 'new') return;
    this.#state = 'opening';
    this.#site.subscribed().then(
      () => this.#opened(),
      (error: unknown) => this.#fail(WeirError.from(error, 'E_BROKER').message, 'E_BROKER'),
    );
  }

  get pending(): number {
    return this.#queue.length;
  }

  peek(): Frame | undefined {
    return this.#queue.peek();
  }

  take(): Frame | undefined {
    const entry = this.#queue.take();
    if (entry === undefined) return undefined;
    if (entry.frame.kind === 'data') this.#grant(this.#credit.took(entry.bytes));
    return entry.frame;
  }

  onReadable(wake: () => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#state = 'over';
    this.#queue.clear();
    this.#pieces = [];
    this.#wake = () => {};
  }

  arrived(frame: WireFrame): void {
    if (this.#state === 'over') return;
    this.#heardOf = true;
    if (frame.kind === 'heartbeat') return this.#heard(frame.sequence);
    if (frame.sequence <= this.#received) return; // H5
    if (frame.sequence !== this.#received + 1) return this.#fail(`frame ${frame.sequence} came after ${this.#received}`);
    this.#received = frame.sequence;
    this.#pieces.push(frame.payload);
    if (!frame.more) this.#whole(frame.kind === 'data');
  }

  /** Repeats the first grant until the sender has it: it may not have listened yet. */
  beat(): void {
    if (this.#state === 'open' && !this.#heardOf) this.#grant(this.#credit.current);
  }

  damaged(): void {
    if (this.#state !== 'over') this.#fail(`the frame after ${this.#received} was changed on its way`);
  }

  #opened(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#grant(this.#credit.current);
  }

  /** A sender that waits repeats itself: so does the grant that it may have missed. */
  #heard(sequence: number): void {
    if (sequence > this.#received) return this.#fail(`frames up to ${sequence} were sent, ${this.#received} came`);
    if (this.#state === 'open') this.#grant(this.#credit.current);
  }

  #whole(isData: boolean): void {
    const payload = this.#pieces.length === 1 ? this.#pieces[0]! : new Uint8Array(Buffer.concat(this.#pieces));
    this.#pieces = [];
    try {
      const frame: Frame = isData ? { kind: 'data', batch: decodeBatch(payload) } : (unpackValue(payload) as Frame);
      this.#queue.push(frame, payload.length);
    } catch (error) {
      return this.#fail(`frame ${this.#received} was changed on its way: ${WeirError.from(error, 'E_CHANNEL').message}`);
    }
    this.#wake();
  }

  #grant(grant: Grant): void {
    const { channel, generation, publish } = this.#site;
    publish(
      encodeFrame({ kind: 'grant', more: false, channel, generation, sequence: this.#received, payload: packValue(grant) }),
    );
  }

  #fail(what: string, code: ErrorCode = 'E_CHANNEL'): void {
    const { edge, from, to } = this.#site.channel;
    this.close();
    this.#site.failed(new WeirError(code, `channel ${edge}/${from}/${to}: ${what}`));
  }
}

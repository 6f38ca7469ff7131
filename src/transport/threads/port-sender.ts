/**
 * The sender's end of a channel between two threads.
 *
 * Owns: the frames' numbers, and what waits for the receiver: nothing is said before the first grant, which says that somebody
 * listens. Invariants: H1, H2 of channel.ts.
 */
import { encodeBatch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Subscription } from '../bus.ts';
import type { ChannelSender, Frame } from '../channel.ts';
import { type Grant, SenderCredit } from '../credit.ts';
import type { PortLinks } from './port-links.ts';

/** Of either end of a channel. */
export interface PortSite {
  readonly links: PortLinks;
  /** For messages. */
  readonly name: string;
  /** The subject of frames, and that of grants. */
  readonly frames: string;
  readonly grants: string;
  readonly failed: (error: WeirError) => void;
}
/** What is said: a batch as its bytes, any other frame as it is. */
export interface PortFrame {
  /** From 1. */
  readonly number: number;
  readonly frame: Uint8Array | Exclude<Frame, { kind: 'data' }>;
}

export class PortSender implements ChannelSender {
  readonly #site: PortSite;
  readonly #credit = new SenderCredit();
  readonly #grants: Subscription;
  /** Control frames from before the first grant. */
  #waiting: PortFrame[] | null = [];
  #sent = 0;
  #closed = false;
  #wake = (): void => {};

  constructor(site: PortSite) {
    this.#site = site;
    this.#grants = site.links.listen(site.grants, (grant) => this.#granted(grant as Grant));
  }

  get writable(): boolean {
    return this.#credit.available;
  }

  send(frame: Frame): void {
    if (this.#closed) return;
    if (frame.kind !== 'data') return this.#say(frame);
    if (!this.writable) throw new WeirError('E_INTERNAL', `H2: channel ${this.#site.name} has no credit for a data frame`);
    const bytes = encodeBatch(frame.batch);
    this.#credit.spend(bytes.length);
    this.#say(bytes);
  }

  onWritable(wake: () => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#closed = true;
    this.#grants.close();
    this.#waiting = null;
    this.#wake = () => {};
  }

  #granted(grant: Grant): void {
    if (this.#closed) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const body of waiting) this.#post(body);
    this.#credit.grant(grant);
    this.#wake();
  }

  #say(frame: PortFrame['frame']): void {
    const body: PortFrame = { number: ++this.#sent, frame };
    if (this.#waiting === null) this.#post(body);
    else this.#waiting.push(body);
  }

  #post(body: PortFrame): void {
    const { links, frames } = this.#site;
    links.say(frames, body, body.frame instanceof Uint8Array ? [body.frame.buffer as ArrayBuffer] : []);
  }
}

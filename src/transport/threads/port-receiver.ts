/**
 * The receiver's end of a channel between two threads.
 *
 * Owns: the queue of what came, and the grants: of all that is taken in one turn of the loop one is said.
 * Invariants: H1, H2, H3 of channel.ts.
 */
import { decodeBatch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Subscription } from '../bus.ts';
import type { ChannelReceiver, Frame } from '../channel.ts';
import { ReceiverCredit, type Window } from '../credit.ts';
import { FrameQueue } from '../frame-queue.ts';
import type { PortFrame, PortSite } from './port-sender.ts';

export class PortReceiver implements ChannelReceiver {
  readonly #site: PortSite;
  readonly #credit: ReceiverCredit;
  #subscriptions: readonly Subscription[] = [];
  readonly #queue = new FrameQueue();
  #received = 0;
  #state: 'new' | 'open' | 'over' = 'new';
  #grants = false;
  #wake = (): void => {};

  constructor(site: PortSite, window: Window) {
    this.#site = site;
    this.#credit = new ReceiverCredit(window);
  }

  /** The sender may come later: it is granted the first credit when it is there (TH2). */
  open(): void {
    if (this.#state !== 'new') return;
    this.#state = 'open';
    const { links, frames, grants } = this.#site;
    this.#subscriptions = [
      links.listen(frames, (body) => this.#arrived(body as PortFrame)),
      links.onListener(grants, () => this.#grant()),
    ];
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
    if (entry.frame.kind === 'data') {
      this.#credit.took(entry.bytes);
      this.#grantSoon();
    }
    return entry.frame;
  }

  onReadable(wake: () => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#state = 'over';
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions = [];
    this.#queue.clear();
    this.#wake = () => {};
  }

  #arrived({ number, frame }: PortFrame): void {
    if (this.#state !== 'open') return;
    if (number !== this.#received + 1) return this.#fail(`frame ${number} came after ${this.#received}`);
    this.#received = number;
    try {
      if (frame instanceof Uint8Array) this.#queue.push({ kind: 'data', batch: decodeBatch(frame) }, frame.length);
      else this.#queue.push(frame, 0);
    } catch (error) {
      return this.#fail(WeirError.from(error, 'E_CHANNEL').message);
    }
    this.#wake();
  }

  #grantSoon(): void {
    if (this.#grants) return;
    this.#grants = true;
    queueMicrotask(() => {
      this.#grants = false;
      this.#grant();
    });
  }

  #grant(): void {
    if (this.#state === 'open') this.#site.links.say(this.#site.grants, this.#credit.current);
  }

  #fail(what: string): void {
    this.close();
    this.#site.failed(new WeirError('E_CHANNEL', `channel ${this.#site.name}: ${what}`));
  }
}

/**
 * The network of a job whose workers are threads of one process.
 *
 * Nothing is lost between two threads that live, so it is interrupted only by a message that could not be read. What a thread
 * that ends had not received yet is gone with it: whoever waits for it hears of its end.
 */
import type { Bus, Subscription } from '../bus.ts';
import type { PortLinks } from './port-links.ts';

interface Body {
  readonly payload: Uint8Array;
  readonly reply: string | undefined;
}

const maxPayload = 16 << 20;
const nothing = (): Uint8Array => new Uint8Array(0);

export class PortBus implements Bus {
  readonly maxPayload: number = maxPayload;
  readonly #links: PortLinks;

  constructor(links: PortLinks) {
    this.#links = links;
  }

  publish(subject: string, payload: Uint8Array, reply?: string): void {
    const own = wholeOf(payload);
    const isHeard = this.#links.say(subject, { payload: own, reply } satisfies Body, [own.buffer as ArrayBuffer]);
    if (!isHeard && reply !== undefined) this.#links.say(reply, { payload: nothing(), reply: undefined } satisfies Body);
  }

  subscribe(subject: string, receive: (payload: Uint8Array, reply?: string) => void): Subscription {
    return this.#links.listen(subject, (body) => {
      const { payload, reply } = body as Body;
      receive(payload, reply);
    });
  }

  flush(): Promise<void> {
    return this.#links.flush();
  }

  onInterrupted(call: () => void): Subscription {
    return this.#links.onBroken(call);
  }
}

/** In memory of its own: of a part the whole would be sent. */
const wholeOf = (payload: Uint8Array): Uint8Array =>
  payload.byteLength === payload.buffer.byteLength ? payload : payload.slice();
